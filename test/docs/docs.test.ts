import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { variables } from '@redis-messaging/shared/service/config';
import { generatedFiles } from '../../scripts/generated-files.ts';
import { tables } from '../../scripts/readme-tables.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const names = Object.keys(variables);

describe('documents', () => {
  test.each(Object.entries(generatedFiles))('%s is what the code says (npm run generate)', (path, generate) => {
    expect(generate(read(path))).toBe(read(path));
  });

  test('the README has every table that is made from the code', () => {
    for (const table of Object.values(tables)) expect(read('README.md')).toContain(table);
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
    for (const name of named.filter(
      (name) => !['ci', 'install', 'run', 'workspaces', 'packages', 'pack'].includes(name),
    ))
      expect(Object.keys(scripts)).toContain(name);
  });
});
