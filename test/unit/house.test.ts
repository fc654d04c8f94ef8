import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PLACES = [
  'shared/src',
  'publisher/src',
  'subscriber/src',
  'local',
  'testkit',
  'scripts',
  'compare',
  'bench',
  'chaos',
  'examples',
  'dashboard/server',
  'dashboard/wire',
  'dashboard/page',
];
/** What a reader takes in at a glance. */
const MOST_FILES = 12;
/** The folders of the library, and what each may use: those behind it. */
const LAYERS = [
  'service',
  'access',
  'live',
  'messaging',
  'patterns',
  'delivery',
  'redis',
  'message',
  'accounting',
  'text',
];

const isSource = (path: string) => /\.(tsx?|mjs|js)$/.test(path);
const files = PLACES.flatMap((place) =>
  readdirSync(join(ROOT, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isSource(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
);

/** The files of this project that a file imports, types included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const names = [...text.matchAll(/(?:from |import\(|^import )'([^']+)'/gm)].map(([, name]) => name as string);
  return names.flatMap((name) => {
    if (name === '@redis-messaging/shared') return ['shared/src/index.ts'];
    if (name.startsWith('@redis-messaging/shared/'))
      return [`${name.replace('@redis-messaging/shared', 'shared/src')}.ts`];
    return name.startsWith('.') ? [relative(ROOT, resolve(ROOT, dirname(file), name))] : [];
  });
}

const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** A way from a file back to itself, if there is one. */
function circleFrom(start: string): string[] | undefined {
  const seen = new Set<string>();
  const walk = (file: string, way: readonly string[]): string[] | undefined => {
    for (const next of imports.get(file) ?? []) {
      if (next === start) return [...way, file, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...way, file]);
      if (found) return found;
    }
    return undefined;
  };
  return walk(start, []);
}

describe('the house', () => {
  test('no import runs in a circle', () => {
    expect(imports.size).toBeGreaterThan(150);
    expect(files.map(circleFrom).filter(Boolean)).toEqual([]);
  });

  test('in the library, no import runs up', () => {
    const layer = (file: string) => LAYERS.indexOf(/^shared\/src\/(\w+)\//.exec(file)?.[1] as string);
    const upwards = files
      .filter((file) => layer(file) >= 0)
      .flatMap((file) =>
        (imports.get(file) ?? []).filter((other) => layer(other) < layer(file)).map((other) => [file, other]),
      );
    expect(upwards).toEqual([]);
  });

  test('no folder has more files than one takes in at a glance', () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > MOST_FILES)).toEqual([]);
  });
});
