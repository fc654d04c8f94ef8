import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { type LiveEvent, MOST_SHOWN_PER_SECOND, WATCHED_FOR_MS } from '@redis-messaging/shared/live/protocol';
import { until } from '../../testkit/until.ts';
import { LivePage } from '../support/live-page.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const base = () => ({ REDIS_PORT: own.server.port, PATTERN: 'all', LIVE: 'on', CONSUMER: 'first' });

afterEach(async () => {
  await own.redis.flushAll();
});

test('services tell what they do while somebody looks, and only then', async () => {
  await using page = await LivePage.open(own.server.port);
  await using reader = await readyService('subscriber', base());
  await using writer = startService('publisher', { ...base(), PUBLISH_INTERVAL: 0.05, SENDER: 'me' });
  await reader.event('received', ({ count }) => count === 10);
  expect(page.announcements).toEqual([]);

  await page.look();
  const { pid } = reader.process;
  const seen = await page.snapshot(
    'subscriber',
    ({ lately: { stream } }) => (stream?.out ?? 0) > 0 && stream?.lagMs === 0,
  );
  expect(seen).toMatchObject({
    name: 'first',
    pid,
    group: 'subscribers',
    takesControls: true,
    settings: { workTime: 0, failRate: 0, concurrency: 1, pace: 1 },
    topics: { queue: 'message_queue', pubsub: 'messages' },
    patterns: { stream: { unexplained: 0, lost: 0 }, pubsub: { listeners: 1, wildcards: 0, channels: 1 } },
  });
  expect(seen.lately.stream).toMatchObject({
    lagMs: 0,
    handledMs: { p50: expect.any(Number), of: expect.any(Number) },
  });
  expect((await page.snapshot('publisher')).settings).toEqual({ interval: 0.05, pace: 1, isPaused: false });

  await until('ten more', () => page.told('subscriber', 'handled', 'stream').events > 10);
  const made = page.events('publisher').find(({ what, at }) => what === 'made' && at / 1000 > seen.at) as LiveEvent;
  const history = () => [...page.events('publisher'), ...page.events('subscriber')].filter(({ id }) => id === made.id);
  await until('all of it', () => history().length === 1 + 5 + 2 * 5 + 2);
  expect(history()[0]).toEqual({
    at: expect.any(Number),
    what: 'made',
    id: made.id,
    count: made.count,
    sender: 'me',
    session: made.session,
    text: `Hello from TypeScript #${made.count}`,
  });
  const of = (pattern: string) => history().filter((event) => event.pattern === pattern);
  expect(of('queue').map(({ what }) => what)).toEqual(['accepted', 'received', 'handled']);
  expect(of('stream').map(({ what }) => what)).toEqual(['accepted', 'received', 'handled', 'acknowledged']);
  expect(of('pubsub')[0]).toMatchObject({ reply: 1, batch: 1 });
  expect(of('stream')[1]).toMatchObject({ attempt: 1, entry: expect.stringMatching(/^\d+-\d+$/), text: made.text });
  for (const { at } of history()) expect(Math.abs(at / 1000 - Date.now())).toBeLessThan(60_000);
  expect(page.unreadable).toEqual([]);

  page.lookAway();
  await sleep(WATCHED_FOR_MS + 3000);
  await page.redis.ping(); // what was told before has been read
  const { length } = page.announcements;
  const count = Math.max(...reader.events('received').map((line) => line.count));
  await reader.event('received', (line) => line.count > count + 10);
  expect(page.announcements).toHaveLength(length);
  expect(await writer.stop()).toBe(0);
  expect(await reader.stop()).toBe(0);
});

test('more than 200 messages per second are counted, not one left out, and bounded in bytes', async () => {
  const SENT = 20_000;
  await using page = await LivePage.open(own.server.port);
  await using reader = await readyService('subscriber', base());
  await page.look(200);
  await page.snapshot('subscriber');
  const env = { ...base(), PUBLISH_INTERVAL: 0.0005, MESSAGE_COUNT: SENT };
  await using writer = startService('publisher', env);
  await page.snapshot('publisher');
  const before = page.snapshots('publisher')[0]?.patterns.queue as unknown as { made: number };
  expect(await writer.exited).toBe(0);
  const told = (what: string, pattern: string) => {
    const { events, summarized } = page.told('subscriber', what, pattern);
    return events + summarized;
  };
  for (const pattern of ['pubsub', 'sharded-pubsub', 'queue', 'reliable-queue', 'stream']) {
    for (const what of ['received', 'handled']) {
      // Each on its own: numbers are told at once, events when there is room.
      await until(`all ${what} by ${pattern} to be told`, () => told(what, pattern) >= SENT);
      expect([pattern, what, told(what, pattern)]).toEqual([pattern, what, SENT]);
      const { events } = page.told('subscriber', what, pattern);
      expect(events).toBeLessThanOrEqual(MOST_SHOWN_PER_SECOND * 3);
      expect(events).toBeGreaterThan(0);
    }
    const { events, summarized } = page.told('publisher', 'accepted', pattern);
    expect(events + summarized).toBeGreaterThanOrEqual(SENT - before.made - 2000);
  }
  for (const pattern of ['reliable-queue', 'stream']) {
    await until(`each acknowledgement by ${pattern} to be told`, () => told('acknowledged', pattern) === SENT);
  }
  expect(page.unreadable).toEqual([]);
  expect(page.largest).toBeLessThanOrEqual(64 * 1024);
  expect(await reader.stop()).toBe(0);
});

test('what fails, is dead-lettered or is no message is told with its reason', async () => {
  await using page = await LivePage.open(own.server.port);
  const env = { ...base(), PATTERN: 'reliable-queue,queue', FAIL_RATE: 1, MAX_ATTEMPTS: 2, RECLAIM_AFTER: 0.5 };
  await using reader = await readyService('subscriber', env);
  await page.look();
  await page.snapshot('subscriber');
  await own.redis.rPush('message_queue', 'x'.repeat(5000));
  await using writer = startService('publisher', { ...env, MESSAGE_COUNT: 1 });
  expect(await writer.exited).toBe(0);
  await until('a dead letter', () => page.told('subscriber', 'dead', 'reliable-queue').events === 1);
  const { events: failed } = page.told('subscriber', 'failed', 'reliable-queue');
  expect(failed).toBe(2);
  const dead = page.events('subscriber').find(({ what }) => what === 'dead');
  expect(dead).toMatchObject({ count: 1, reason: 'simulated failure', attempt: 2 });
  const lost = page.events('subscriber').find(({ what }) => what === 'lost');
  expect(lost).toMatchObject({ pattern: 'queue', count: 1, reason: 'simulated failure' });
  const invalid = page.events('subscriber').find(({ what }) => what === 'invalid');
  expect(invalid).toMatchObject({
    pattern: 'queue',
    reason: expect.stringContaining('not JSON'),
    text: 'x'.repeat(200),
  });
  expect(await reader.stop()).toBe(0);
});

test('a slow subscriber lags in time, and says by how much', async () => {
  await using page = await LivePage.open(own.server.port);
  await using reader = await readyService('subscriber', { ...base(), PATTERN: 'queue,stream', WORK_TIME: 0.3 });
  await using writer = startService('publisher', { ...base(), PATTERN: 'queue,stream', PUBLISH_INTERVAL: 0.05 });
  await page.look();
  for (const pattern of ['queue', 'stream'])
    await page.snapshot('subscriber', ({ lately }) => (lately[pattern]?.lagMs ?? 0) > 1000);
  await writer.stop('SIGKILL');
  await page.control('subscriber', 'workTime', 0);
  for (const pattern of ['queue', 'stream'])
    await until('no lag', () => page.snapshots('subscriber').at(-1)?.lately[pattern]?.lagMs === 0);
  expect(await reader.stop()).toBe(0);
});
