import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ServiceReport } from '@redis-messaging/shared/service/reporting';

/** A service of this project that runs as a child process. */
export interface Service {
  readonly name: string;
  /** The last thing that it told, of each kind. */
  readonly reports: Partial<Record<ServiceReport['event'], ServiceReport>>;
  readonly process: ChildProcess;
  /** Resolves with the exit code; 1 if a signal ended it. */
  readonly exited: Promise<number>;
}

export const ROOT = new URL('../../', import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
const LABEL_WIDTH = 11;
const COLOURS: Readonly<Record<string, number>> = { publisher: 36, subscriber: 33 };

/**
 * The arguments for Node with which a service runs from source: those of `npm run publisher` and `npm run subscriber`.
 * @param program another one that runs in the same way, with its arguments
 */
export function serviceCommand(name: string, ...program: readonly string[]): string[] {
  const command = scripts[name].split(' ').slice(1);
  return program.length === 0 ? command : [...command.slice(0, -1), ...program];
}

/** The same for what `npm run build` has made of it: starts faster, and needs less memory. */
export function builtCommand(name: string): string[] {
  const source = serviceCommand(name);
  const program = (source.at(-1) as string).replace('/src/', '/dist/').replace(/\.ts$/, '.js');
  return [...source.slice(0, source.indexOf('--import')), program];
}

/** Starts a service from source; each of its lines goes to standard output behind the service's name. */
export function startService(name: string, env: NodeJS.ProcessEnv): Service {
  const child = spawn(process.execPath, serviceCommand(name), {
    cwd: ROOT,
    env: { ...process.env, ...env, ...(process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {}) },
    detached: true, // Ctrl-C reaches only us, so that the services end in order
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const reports: Service['reports'] = {};
  child.on('message', (report: ServiceReport) => {
    reports[report.event] = report;
  });
  onLine(child, (line) => printLine(name, line));
  const exited = once(child, 'close').then(([code]) => (code as number | null) ?? 1);
  return { name, reports, process: child, exited };
}

/** Calls a listener with each line that a process writes, on either of its outputs that are piped. */
export function onLine({ stdout, stderr }: ChildProcess, listener: (line: string) => void): void {
  for (const stream of [stdout, stderr]) if (stream) createInterface({ input: stream }).on('line', listener);
}

/** Prints a line behind a name, as docker-compose does. */
export function printLine(name: string, line: string): void {
  const label = `${name.padEnd(LABEL_WIDTH)} |`;
  const colour = process.stdout.isTTY && !process.env.NO_COLOR ? COLOURS[name] : undefined;
  process.stdout.write(`${colour ? `\u001b[${colour}m${label}\u001b[0m` : label} ${line}\n`);
}
