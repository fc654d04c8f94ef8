import { expect, test } from '@jest/globals';
import { createMessaging, type MessagingOptions } from '@redis-messaging/shared/messaging/messaging';
import { queue } from '@redis-messaging/shared/patterns/queue';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { createClient } from 'redis';
import { freePort, type RedisServer } from '../../local/redis/redis-server.ts';
import { until } from '../../testkit/until.ts';
import { startRedis } from '../support/redis.ts';
import { all, forgetting, keeping, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const socketOf = (port: number) => ({ host: '127.0.0.1', port });

const clients = [2, 3].flatMap((RESP) => all.map(([name, pattern]) => [name, RESP as 2 | 3, pattern] as const));

test.each(clients)('%s over a client of the caller’s own (RESP %d), which stays his', async (name, RESP, pattern) => {
  const client = createClient({ socket: socketOf(use.own.server.port), RESP });
  await client.connect();
  try {
    const messaging = createMessaging({ redis: client });
    const topic = messaging.topic<number>(`own-${name}-${RESP}`, { pattern });
    const got: number[] = [];
    const consumer = topic.consume({ maxAttempts: 2, leaseMs: 200, concurrency: 4 }, (value) => {
      got.push(value);
      if (value === 13 && pattern.guarantees.survivesCrash) throw new Error('bad luck');
    });
    await consumer.ready;
    await topic.producer().sendBatch(upTo(20));
    const expected = pattern.guarantees.survivesCrash ? 21 : 20;
    await until('all to be handled', () => got.length === expected);
    if (pattern.guarantees.survivesCrash)
      await until('the dead letter', async () => (await topic.backlog()).dead === 1);
    await until('nothing to be left', async () => {
      const { waiting, inFlight } = await topic.backlog();
      return waiting === 0 && inFlight === 0;
    });
    expect([messaging.isReady, consumer.isReady]).toEqual([true, true]);
    await messaging.close();
    expect(consumer.isReady).toBe(false);
    expect(await client.ping()).toBe('PONG');
    expect(client.listenerCount('ready')).toBe(0);
  } finally {
    client.destroy();
  }
});

test.each([
  ['nothing', undefined, 'expected { redis }'],
  ['neither client nor options', {}, 'expected { redis }'],
  ['a client that is not connected', { redis: createClient() }, 'call `await client.connect()` first'],
])('%s: a TypeError that says what to do', (_what, options, text) => {
  expect(() => createMessaging(options as MessagingOptions)).toThrow(TypeError);
  expect(() => createMessaging(options as MessagingOptions)).toThrow(text);
});

test('Redis is waited for; what was sent meanwhile arrives in order, where the pattern keeps it', async () => {
  const port = await freePort();
  const messaging = use.messaging({ redis: { socket: socketOf(port) } });
  const topic = messaging.topic<number>('later', { pattern: stream });
  const got: number[] = [];
  const consumer = topic.consume({}, (value) => void got.push(value));
  const producer = topic.producer();
  const sent = upTo(10).map((value) => producer.send(value));
  expect(messaging.isReady).toBe(false);
  await expect(
    messaging
      .topic('x', { pattern: forgetting[0]?.[1] as never })
      .producer()
      .send(1),
  ).rejects.toMatchObject({
    reason: 'unreachable',
  });
  let server: RedisServer | undefined;
  try {
    server = await startRedis({ port });
    await Promise.all(sent);
    await consumer.ready;
    await until('all', () => got.length === 10);
    expect(got).toEqual(upTo(10));
    expect(messaging.isReady).toBe(true);
    await messaging.close();
  } finally {
    await server?.stop();
  }
});

test.each(all)('%s: closing ends although Redis has never been there', async (_name, pattern) => {
  const messaging = use.messaging({ redis: { socket: socketOf(await freePort()) } });
  const topic = messaging.topic<number>('never', { pattern });
  const consumer = topic.consume({}, () => {});
  const sent = topic.producer().send(1);
  const failure = expect(sent).rejects.toMatchObject({
    reason: pattern.guarantees.keepsUnread ? 'closed' : 'unreachable',
  });
  await messaging.close();
  await Promise.all([failure, consumer.ready, consumer.finished]);
});

test.each(keeping)('%s: closing ends although Redis has gone', async (_name, pattern) => {
  const server = await startRedis();
  const messaging = use.messaging({ redis: { socket: socketOf(server.port) } });
  const topic = messaging.topic<number>('gone', { pattern });
  const consumer = topic.consume({}, () => {});
  await consumer.ready;
  await server.stop();
  await until('the loss', () => !messaging.isReady);
  const failure = expect(topic.producer().send(1)).rejects.toMatchObject({ reason: 'closed' });
  await messaging.close();
  await Promise.all([failure, consumer.finished]);
});

test('a wrong password is told to everybody, with Redis’ answer', async () => {
  const server = await startRedis({ password: 'right' });
  const lines: string[] = [];
  const log = (_: object, text: string) => lines.push(text);
  try {
    const redis = { socket: socketOf(server.port), password: 'wrong' };
    const messaging = use.messaging({ redis, logger: { info: log, warn: log, error: log } });
    const topic = messaging.topic<number>('locked', { pattern: stream });
    const consumer = topic.consume({}, () => {});
    const producer = topic.producer();
    const sent = producer.sendBatch([1, 2]);
    await expect(messaging.connect()).rejects.toThrow('WRONGPASS');
    await expect(consumer.ready).rejects.toThrow('WRONGPASS');
    await expect(consumer.finished).rejects.toThrow('WRONGPASS');
    await expect(sent).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('WRONGPASS'),
      cause: { message: expect.stringContaining('WRONGPASS') },
    });
    await expect(producer.send(3)).rejects.toMatchObject({ reason: 'refused' });
    await expect(topic.backlog()).rejects.toThrow('WRONGPASS');
    expect(producer.stats).toMatchObject({ accepted: 0, refused: 3, buffered: 0 });
    expect(lines.some((line) => line.includes('Cannot read') && line.includes('WRONGPASS'))).toBe(true);
    expect(lines.some((line) => line.includes('Cannot send') && line.includes('WRONGPASS'))).toBe(true);
  } finally {
    await server.stop();
  }
});

test('a connection that is no longer waited for', async () => {
  const messaging = use.messaging({ redis: { socket: socketOf(await freePort()) } });
  const sent = messaging.topic('x', { pattern: queue }).producer().send(1);
  const failure = expect(sent).rejects.toMatchObject({ reason: 'closed' });
  await messaging.close();
  await failure;
  await expect(messaging.connect()).rejects.toThrow('messaging was closed');
});

test('nothing begins after the end', async () => {
  const messaging = use.messaging();
  const topic = messaging.topic<number>('over', { pattern: stream });
  const producer = topic.producer();
  await producer.send(1);
  await Promise.all([messaging.close(), messaging.close()]);
  expect(() => topic.consume({}, () => {})).toThrow('messaging was closed');
  expect(() => topic.producer()).toThrow('messaging was closed');
  await expect(producer.send(2)).rejects.toMatchObject({ reason: 'closed' });
});

test('many topics on one connection cost no warning', async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on('warning', warn);
  const messaging = use.messaging();
  for (const number of upTo(30)) await messaging.topic(`topic ${number}`, { pattern: stream }).producer().send(1);
  await new Promise(setImmediate);
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});
