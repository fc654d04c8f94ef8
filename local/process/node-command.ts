import { readFileSync } from 'node:fs';

/** The folder of this project: where every program of it runs. */
export const ROOT = new URL('../../', import.meta.url);

const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));

/**
 * The arguments for Node with which an npm script runs its program from source.
 * @param script a word behind `npm run`, such as `publisher`
 * @param program another one that runs in the same way, with its arguments
 */
export function serviceCommand(script: string, ...program: readonly string[]): string[] {
  const command = scripts[script].split(' ').slice(1);
  return program.length === 0 ? command : [...command.slice(0, -1), ...program];
}

/** The same for what `npm run build` has made of it: starts faster, and needs less memory. */
export function builtCommand(script: string): string[] {
  const source = serviceCommand(script);
  const program = (source.at(-1) as string).replace('/src/', '/dist/').replace(/\.ts$/, '.js');
  return [...source.slice(0, source.indexOf('--import')), program];
}

/** The arguments for Node that run a program from source with Node's defaults. @param program its path from the project's folder */
export function scriptCommand(program: string, ...args: readonly string[]): string[] {
  return ['--import', 'tsx', '--conditions=source', program, ...args];
}
