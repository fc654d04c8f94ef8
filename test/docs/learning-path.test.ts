import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { experimentsFor, experimentsWithServers } from '../../compare/experiments/index.ts';
import { examples } from '../../examples/index.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const page = read('docs/learning-path.md');
const found = (form: RegExp) => [...page.matchAll(form)].map((match) => match[1] as string);

describe('the learning path', () => {
  test('names only examples that there are, and every one of them', () => {
    const named = new Set([...found(/npm run example -- ([\w-]+)/g), ...found(/\.\.\/examples\/([\w-]+)\/main\.ts/g)]);
    expect([...named].sort()).toEqual(Object.keys(examples).sort());
  });

  test.each(found(/\]\((\.\.\/[^)]+)\)/g))('its link %s leads somewhere', (path) => {
    expect(existsSync(new URL(path, new URL('docs/', ROOT)))).toBe(true);
  });

  test('names only experiments that there are', () => {
    const names = [...experimentsFor([]), ...experimentsWithServers].map(({ name }) => name);
    for (const name of found(/--experiments ([\w,-]+)/g).flatMap((list) => list.split(',')))
      expect(names).toContain(name);
  });

  test('sets only variables that there are', () => {
    const known = read('.env.example');
    for (const name of found(/\b([A-Z]+(?:_[A-Z]+)*)=/g)) expect(known).toContain(`#${name}=`);
  });

  test('quotes only lines that the examples print', () => {
    const printed = Object.keys(examples).map((name) => read(`examples/${name}/output.txt`));
    for (const line of [
      'delivered to 0',
      '3 before it were missed',
      '(BUSYGROUP)',
      '1 delivered and not acknowledged',
      'taken over',
      '<- STALE',
      'had received 1 when the first mail was sent',
      'worked on up to 6 at once',
      'delivered: 0',
      'stored 1000000 bytes, published 12',
    ]) {
      expect(page).toContain(line);
      expect(printed.join('\n')).toContain(line);
    }
  });
});
