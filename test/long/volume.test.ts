import { afterEach, expect, test } from '@jest/globals';
import type { PublisherStats, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { createMessaging } from '@redis-messaging/shared/messaging/messaging';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { pubsub } from '@redis-messaging/shared/patterns/pubsub';
import { peakMemoryOf } from '../../testkit/peak-memory.ts';
import { until } from '../../testkit/until.ts';
import { untilDrained } from '../support/drained.ts';
import { foreign } from '../support/foreign.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const MANY = 200_000;
const SENDERS = 300_000;

const own = useRedis();
afterEach(async () => {
  await own.redis.flushAll();
});

test('sent as fast as Redis takes it, with as many lines in the log as there may be, all arrives once', async () => {
  const count = MANY / 10;
  const env = { REDIS_PORT: own.server.port, PATTERN: 'all' };
  const reader = await readyService('subscriber', env);
  const writer = startService('publisher', { ...env, PUBLISH_INTERVAL: 0, MESSAGE_COUNT: count });
  expect(await writer.exited).toBe(0);
  await untilDrained(own.redis, patterns);
  const hasAll = ({ name }: Pattern) => (reader.progress[name] as SubscriberStats | undefined)?.received === count;
  await until('all by every pattern', () => patterns.every(hasAll), 120_000);
  expect(await reader.stop()).toBe(0);
  for (const { name } of patterns) {
    expect(writer.final(name)).toMatchObject({ accepted: count, refused: 0, unconfirmed: 0, retried: 0 });
    expect(reader.final(name)).toMatchObject({ received: count, lost: 0, duplicated: 0, redelivered: 0, waiting: 0 });
  }
});

test(`a backlog of ${MANY} messages of each pattern that keeps them is worked off, in order, by a subscriber that comes late`, async () => {
  const kept = patterns.filter(({ guarantees }) => guarantees.keepsUnread);
  const env = { REDIS_PORT: own.server.port, PATTERN: kept.map(({ name }) => name).join(), LOG_LEVEL: 'warn' };
  const writer = startService('publisher', { ...env, PUBLISH_INTERVAL: 0, MESSAGE_COUNT: MANY });
  expect(await writer.exited).toBe(0);
  for (const pattern of kept) {
    expect((await pattern.backlog(own.redis, pattern.topic.default, 'subscribers')).waiting).toBe(MANY);
  }
  const reader = startService('subscriber', env);
  await untilDrained(own.redis, kept);
  expect(await reader.stop()).toBe(0);
  for (const { name } of kept) {
    expect(reader.progress[name]).toMatchObject({ received: MANY, lost: 0, duplicated: 0, reordered: 0 });
  }
});

test('Pub/Sub: a subscriber that stands still misses nothing of more than Redis holds for it by default', async () => {
  const env = { REDIS_PORT: own.server.port, PATTERN: 'pubsub', LOG_LEVEL: 'warn' };
  const reader = startService('subscriber', env);
  await until('the subscriber', () => reader.isReady);
  reader.process.kill('SIGSTOP');
  const writer = startService('publisher', { ...env, PUBLISH_INTERVAL: 0, MESSAGE_COUNT: MANY });
  const held = async () => (await own.redis.clientList({ TYPE: 'PUBSUB' })).reduce((sum, { omem }) => sum + omem, 0);
  await until('much to be held for it', async () => (await held()) > 1024 * 1024);
  const published = () => (writer.progress.pubsub as PublisherStats | undefined)?.accepted ?? 0;
  const before = published();
  await until('more to be published all the same', () => published() > before);
  reader.process.kill('SIGCONT');
  expect(await writer.exited).toBe(0);
  const stats = () => reader.progress.pubsub as SubscriberStats;
  await until('all messages', () => stats().received === MANY, 60_000);
  expect(await reader.stop()).toBe(0);
  expect(stats()).toMatchObject({ received: MANY, lost: 0, elsewhere: 0, duplicated: 0, reordered: 0 });
});

test(`Pub/Sub: ${SENDERS} messages, each of another sender, cost a subscriber neither memory nor its connection`, async () => {
  const env = { REDIS_PORT: own.server.port, PATTERN: 'pubsub', LOG_LEVEL: 'warn' };
  const reader = startService('subscriber', env);
  await until('the subscriber', () => reader.isReady);
  await using messaging = createMessaging({ redis: { socket: { host: '127.0.0.1', port: own.server.port } } });
  await messaging.connect();
  const codec = { encode: (text: string) => text, decode: String };
  const producer = messaging.topic('messages', { pattern: pubsub, codec }).producer();
  const batch = 500;
  for (let from = 0; from < SENDERS; from += batch)
    await producer.sendBatch(Array.from({ length: batch }, (_, index) => foreign(1, `sender ${from + index}`)));
  const stats = () => reader.progress.pubsub as SubscriberStats;
  await until('all messages', () => stats().received === SENDERS, 120_000);
  const peak = peakMemoryOf(reader.process.pid as number);
  expect(await reader.stop()).toBe(0);
  expect(stats()).toMatchObject({ accepted: SENDERS, handled: SENDERS, lost: 0, elsewhere: 0, duplicated: 0 });
  expect(reader.events('disconnected')).toEqual([]);
  expect(peak ?? 0).toBeLessThan(200);
});
