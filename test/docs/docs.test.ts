import { describe, expect, test } from '@jest/globals';
import { decode } from '@redis-messaging/shared/message/message';
import { variables } from '@redis-messaging/shared/service/config';
import { experimentsFor, experimentsWithServers } from '../../compare/experiments/index.ts';
import { tables } from '../../scripts/document-tables.ts';
import { generatedFiles } from '../../scripts/generated-files.ts';
import { documents, foundIn, pages, proseOf, read, sourcesIn } from './documents.ts';

const names = Object.keys(variables);
const everything = documents.map(read).join('\n');

/** A README is read from the first line to the last only if it is short. */
const MOST_LINES = 250;
/** Tables and code may be wider. */
const WIDTH = 130;

describe('documents', () => {
  test.each(Object.entries(generatedFiles))('%s is what the code says (npm run generate)', (path, generate) => {
    expect(generate(read(path))).toBe(read(path));
  });

  test.each(Object.entries(tables))(
    'the table "%s" that is made from the code is there',
    (name, { document, content }) => {
      expect(read(document)).toContain(`<!-- ${name} -->\n${content}\n<!-- /${name} -->`);
    },
  );

  test.each(['README.md', ...pages])('%s marks no other tables', (document) => {
    const own = Object.keys(tables).filter((name) => tables[name]?.document === document);
    expect(foundIn(read(document), /^<!-- \/?(\w+) -->$/gm).sort()).toEqual(own.sort());
  });

  test(`the README has less than ${MOST_LINES} lines`, () => {
    expect(read('README.md').split('\n').length).toBeLessThan(MOST_LINES);
  });

  test.each(['README.md', ...pages])(`%s has lines of at most ${WIDTH} characters`, (document) => {
    const lines = proseOf(document).split('\n');
    expect(lines.filter((line) => line.length > WIDTH && !line.startsWith('|'))).toEqual([]);
  });

  test.each(names)('docs/configuration.md explains %s', (name) => {
    expect(read('docs/configuration.md')).toContain(`\n| \`${name}\` | `);
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

  test('every variable that they set or name is one that something reads', () => {
    const set = foundIn(everything, /(?<![\w.])([A-Z]+(?:_[A-Z]+)*)=/g);
    const named = foundIn(everything, /`([A-Z]+(?:_[A-Z]+)+)`/g);
    expect(set.length).toBeGreaterThan(15);
    expect(named.length).toBeGreaterThan(25);
    const readers = sourcesIn('bench', 'dashboard/server', 'local', 'test', 'testkit') + read('docker-compose.yml');
    const isRead = (name: string) => names.includes(name) || new RegExp(`(env\\.|\\$\\{)${name}\\b`).test(readers);
    expect([...set, ...named].filter((name) => !isRead(name))).toEqual([]);
  });

  test('every npm script that they name exists', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = foundIn(everything, /npm (?:run )?(?:--silent )?(start|test|[\w:-]+)/g);
    expect(named.length).toBeGreaterThan(3);
    for (const name of named.filter(
      (name) => !['ci', 'install', 'run', 'workspaces', 'packages', 'pack'].includes(name),
    ))
      expect(Object.keys(scripts)).toContain(name);
  });

  test('every experiment that they name exists', () => {
    const known = [...experimentsFor([]), ...experimentsWithServers].map(({ name }) => name);
    const named = foundIn(everything, /--experiments ([\w,-]+)/g).flatMap((list) => list.split(','));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((word) => !known.some((name) => name.startsWith(word)))).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  const code = sourcesIn('shared/src', 'publisher/src', 'subscriber/src');
  const emitted = [...foundIn(code, /\bevent: '([a-z-]+)'(?! \|)/g), ...foundIn(code, /logStats\(log, '([a-z]+)'/g)];
  const cells = foundIn(read('docs/operations.md'), /^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| /gm);
  const explained = cells.flatMap((cell) => cell.replaceAll('`', '').split(', '));

  test('explains every event of the log, and no other', () => {
    expect(emitted.length).toBeGreaterThan(20);
    expect([...explained].sort()).toEqual([...new Set(emitted)].sort());
  });
});

describe('docs/account.md', () => {
  test('explains every column of the tables', () => {
    const titles = foundIn(read('shared/src/accounting/stats.ts'), /(?:\[|count\()'([\w ]+)', \(/g);
    expect(titles.length).toBeGreaterThan(15);
    const cells = foundIn(read('docs/account.md'), /^\| ([\w ,]+) \| /gm).flatMap((cell) => cell.split(', '));
    expect(titles.filter((title) => !cells.includes(title))).toEqual([]);
  });
});

describe('docs/messages.md', () => {
  test('shows a message that a subscriber accepts', () => {
    const [message] = foundIn(read('docs/messages.md'), /```json\n([\s\S]*?)```/g);
    expect(decode(Buffer.from(message as string))).toMatchObject({ ok: true });
  });
});
