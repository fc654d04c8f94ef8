import { afterEach, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { builtCommand } from '../../local/process/node-command.ts';
import { until } from '../../testkit/until.ts';
import { Start } from '../local/start/npm-start.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const COUNT = 60;
const HINT = 'how to see the last one';

afterEach(async () => {
  await own.redis.flushAll();
});

/** A service as it runs in a container: with a log for people, and no parent process that is told anything. */
const start = (name: string, env: Record<string, string | number>): Start =>
  new Start(
    { REDIS_HOST: '127.0.0.1', REDIS_PORT: own.server.port, STATS_INTERVAL: 0.5, ...env },
    process.execPath,
    builtCommand(name),
  );

const isTable = /^ {2}pattern /;
/** The lines behind the last one that begins in this way. */
const lastOf = (service: Start, title: string): string[] => {
  const from = service.lines.findLastIndex((line) => line.includes(title));
  return from < 0 ? [] : service.lines.slice(from + 1);
};
/** What a subscriber has told the others of each pattern: what they know of its broadcasts when it is killed. */
const toldBy = async (name: string): Promise<{ handled?: number }[]> => {
  const told = (await own.redis.keys('*:reports')).map((key) => own.redis.hGet(key, name));
  return (await Promise.all(told)).map((text) => JSON.parse(text ?? '{"stats":{}}').stats);
};
const has = (lines: readonly string[], pattern: RegExp) => lines.some((line) => pattern.test(line));

describe('the table of a group', () => {
  test('is shown by the first of the living, with what publishers tell; in the end by the last that stops', async () => {
    const [first, second, third] = ['a', 'b', 'c'].map((name) =>
      start('subscriber', { CONSUMER: name, PATTERN: 'all', STATS_HINT: HINT }),
    ) as [Start, Start, Start];
    const all = [first, second, third];
    await using _ = {
      [Symbol.asyncDispose]: async () => void (await Promise.all(all.map((each) => each[Symbol.asyncDispose]()))),
    };
    for (const each of all) await each.says('Ready');
    await using writer = start('publisher', { PATTERN: 'all', MESSAGE_COUNT: COUNT, PUBLISH_INTERVAL: 0.02 });
    expect(await writer.exited).toBe(0);

    const isWhole = (lines: readonly string[], copies: number) =>
      has(lines, RegExp(`^ {2}pubsub × ${copies} +${COUNT} +${copies * COUNT} +${copies * COUNT} `)) &&
      ['queue', 'reliable-queue', 'stream'].every((name) =>
        has(lines, RegExp(`^ {2}${name} +${COUNT} +${COUNT} +${COUNT} `)),
      );
    await until('the whole table', () => isWhole(lastOf(first, 'Stats'), 3));
    await until('its hint', () => lastOf(first, 'Stats').includes(`  ${HINT}`));
    for (const each of [second, third]) {
      await each.says(`Stats: handled ${COUNT} by pubsub, ${COUNT} by sharded-pubsub, `);
      await each.says('; the table is in the log of a');
    }
    expect(
      Math.max(...first.lines.filter((line) => line.startsWith('  ')).map(({ length }) => length)),
    ).toBeLessThanOrEqual(100);

    await until('the first to have told it', async () => {
      const told = await toldBy('a');
      return told.length === patterns.length && told.every(({ handled = COUNT }) => handled === COUNT);
    });
    first.process.kill('SIGKILL');
    await until('the second to show all of it', () => isWhole(lastOf(second, 'Stats'), 3));
    for (const each of [second, third]) each.process.kill('SIGTERM');
    expect(await Promise.all([second.exited, third.exited])).toEqual([0, 0]);
    const ends = [second, third].map((each) => lastOf(each, 'Stopped'));
    const tables = ends.filter((lines) => has(lines, isTable));
    expect(tables).toHaveLength(1);
    expect(isWhole(tables[0] as string[], 3)).toBe(true);
    expect(tables[0]?.filter((line) => isTable.test(line))).toHaveLength(1);
  });

  test('of a subscriber that is alone is shown once at the end, with what was refused', async () => {
    await using reader = start('subscriber', { PATTERN: 'queue', STATS_INTERVAL: 60 });
    await reader.says('Ready');
    await using writer = start('publisher', {
      PATTERN: 'queue',
      MESSAGE_COUNT: 5,
      PUBLISH_INTERVAL: 0,
      MESSAGE_SIZE: 2000,
      MAX_MESSAGE_BYTES: 1000,
    });
    expect(await writer.exited).toBe(0);
    reader.process.kill('SIGTERM');
    expect(await reader.exited).toBe(0);
    expect(reader.count(isTable)).toBe(1);
    const [header = '', row = ''] = lastOf(reader, 'Stopped');
    expect(header).toMatch(/^ {2}pattern +made +refused +accepted +handled /);
    expect(row).toMatch(/^ {2}queue +5 +5 +0 +0 /);
  });
});
