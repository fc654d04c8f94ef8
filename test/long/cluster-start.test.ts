import { expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { Start } from '../local/start/npm-start.ts';

jest.setTimeout(120_000);
const COUNT = 300;

test('npm start -- --cluster: a primary that is killed is replaced; the account balances, and all that is kept arrives', async () => {
  const env = { PATTERN: 'all', MESSAGE_COUNT: COUNT, PUBLISH_INTERVAL: 0.02, LOG_LEVEL: 'warn' };
  await using start = new Start(env, 'npm', ['start', '--', '--cluster']);
  const pid = /kill -9 (\d+) \(a primary\)/.exec(await start.says('(a primary)'))?.[1];
  process.kill(Number(pid), 'SIGKILL');
  await start.says('A server of the Cluster ended');
  expect(await start.exited).toBe(0); // else something is unexplained
  const table = start.lines
    .filter((line) => line.startsWith('start '))
    .map((line) => line.slice(13).trim().split(/ {2,}/));
  const from = table.findIndex(([first]) => first === 'pattern');
  const header = table[from] as string[];
  for (const { name, guarantees } of patterns) {
    const cells = table.slice(from).find(([first]) => first === name) as string[]; // a wide table goes on in another
    const of = (column: string) => (header.includes(column) ? Number(cells[header.indexOf(column)]) : 0);
    expect([name, of('made')]).toEqual([name, COUNT]);
    const gone = of('refused') + of('unconfirmed') + of('no subscribers');
    expect([name, of('accepted') + gone]).toEqual([name, COUNT]);
    if (guarantees.keepsUnread) expect([name, of('handled')]).toEqual([name, COUNT]);
  }
});

test('npm start -- --cluster beside another Redis is a mistake, and says so', async () => {
  await using start = new Start({ REDIS_HOST: 'localhost' }, 'npm', ['start', '--', '--cluster']);
  await start.says('--cluster starts a Cluster of its own; expected no REDIS_HOST');
  expect(await start.exited).toBe(1);
});
