import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The path of a file of the project, from the folder in which it lies. */
export const pathOf = (path: string): string => join(ROOT, path);

/** The text of a file of the project. */
export const read = (path: string): string => readFileSync(pathOf(path), 'utf8');

/** The pages of docs/. */
export const pages: readonly string[] = readdirSync(pathOf('docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

/** Every document for people. */
export const documents: readonly string[] = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pages];

/** A document without its blocks of code. */
export const proseOf = (document: string): string => read(document).replace(/^```[\s\S]*?^```$/gm, '');

/** The text of all TypeScript files in these folders. */
export function sourcesIn(...folders: readonly string[]): string {
  const files = folders.flatMap((folder) =>
    readdirSync(pathOf(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules') && !name.includes('dist'))
      .map((name) => join(folder, name)),
  );
  return files.map(read).join('\n');
}

/** What the group of a regular expression finds in a text, each once. */
export const foundIn = (text: string, form: RegExp): string[] => [
  ...new Set([...text.matchAll(form)].map((match) => match[1] as string)),
];
