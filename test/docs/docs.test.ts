import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { variables } from '@redis-messaging/shared/service/config';
import { tables, withTables } from '../../scripts/tables.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const names = Object.keys(variables);

describe('documents', () => {
  test("the README's tables are what the code says (npm run readme)", () => {
    const readme = read('README.md');
    for (const table of Object.values(tables)) expect(readme).toContain(table);
    expect(withTables(readme)).toBe(readme);
  });

  test.each(names)('docker-compose.yml passes %s on', (name) => {
    expect(read('docker-compose.yml')).toMatch(new RegExp(`^    ${name}: `, 'm'));
  });

  test('.env.example names every variable with its default, and sets none', () => {
    const lines = read('.env.example').split('\n').filter(Boolean);
    expect(lines.filter((line) => !line.startsWith('#'))).toEqual([]);
    for (const [name, { default: fallback }] of Object.entries(variables))
      expect(lines).toContain(`#${name}=${fallback}`);
  });

  test('every npm script that the README names exists', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...read('README.md').matchAll(/npm (?:run )?(start|test|[\w:-]+)/g)].map(
      (match) => match[1] as string,
    );
    expect(named.length).toBeGreaterThan(3);
    for (const name of named.filter((name) => !['ci', 'install', 'run', 'workspaces', 'packages'].includes(name)))
      expect(Object.keys(scripts)).toContain(name);
  });
});
