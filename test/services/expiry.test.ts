import { expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { until } from '../../testkit/until.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const COUNT = 30;
const DEDUPE_TTL = 60;
const RECLAIM_AFTER = 20;
const DAY = 24 * 60 * 60;
const HOUR = 60 * 60;
const MINUTE = 60;

/** What grows with the messages or with the subscribers expires: its keys, and after how many seconds at the latest. */
const EXPIRING: readonly (readonly [what: string, keys: RegExp, seconds: number])[] = [
  ['marks of what was sent', /:sent:[\da-f-]{36}$/, DEDUPE_TTL],
  ['marks of what was handled', /:handled(:[^:]+)?:[\da-f-]{36}$/, DEDUPE_TTL],
  ['accounts of subscribers, and their names', /:ledger(:me)?$/, DAY],
  ['what publishers tell of their sessions', /:published$/, DAY],
  ['how the subscribers of a group stand', /:reports$/, MINUTE],
  ['signs of life', /:alive(:subscribers)?:me$/, RECLAIM_AFTER],
  ['which acknowledgement was the last', /:acknowledged:me$/, HOUR],
];

const own = useRedis();

test('of all keys that services leave in Redis, exactly those expire that would grow without end', async () => {
  const env = { REDIS_PORT: own.server.port, PATTERN: 'all', DEDUPE_TTL, RECLAIM_AFTER, CONSUMER: 'me' };
  const reader = await readyService('subscriber', env);
  const writer = startService('publisher', { ...env, MESSAGE_COUNT: COUNT, PUBLISH_INTERVAL: 0.005 });
  expect(await writer.exited).toBe(0);
  for (const { name } of patterns) {
    await until(`all messages of ${name}`, () => reader.events('received', name).length === COUNT);
  }
  const expires = async () =>
    await Promise.all((await own.redis.keys('*')).map(async (key) => ({ key, ttl: await own.redis.ttl(key) })));
  const rule = (key: string) => EXPIRING.find(([, keys]) => keys.test(key));
  await until('each that should expire to do so', async () =>
    (await expires()).every(({ key, ttl }) => rule(key) === undefined || ttl > 0),
  );

  const all = await expires();
  for (const { key, ttl } of all) {
    const most = rule(key)?.[2];
    if (most === undefined) expect([key, ttl]).toEqual([key, -1]);
    else expect([key, ttl]).toEqual([key, Math.min(ttl, most)]);
  }
  const found = EXPIRING.map(([what, keys]) => [what, all.filter(({ key }) => keys.test(key)).length]);
  const kept = patterns.filter(({ guarantees }) => guarantees.keepsUnread).length;
  const repeating = patterns.filter(({ guarantees }) => guarantees.delivery === 'at-least-once').length;
  expect(found).toEqual([
    ['marks of what was sent', kept * COUNT],
    ['marks of what was handled', repeating * COUNT],
    ['accounts of subscribers, and their names', 2 * patterns.length],
    ['what publishers tell of their sessions', patterns.length],
    ['how the subscribers of a group stand', patterns.length],
    ['signs of life', patterns.filter(({ guarantees }) => guarantees.survivesCrash).length],
    ['which acknowledgement was the last', 1],
  ]);
  const others = all.filter(({ key }) => !rule(key)).length;
  expect(others).toBeLessThan(3 * patterns.length); // a few for each topic, however many messages there are
  expect(await reader.stop()).toBe(0);
});
