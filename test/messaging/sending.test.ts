import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SendError } from '@redis-messaging/shared/messaging/producer/send-error';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { pubsub } from '@redis-messaging/shared/patterns/pubsub';
import type { RedisServer } from '../../local/redis/redis-server.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { startRedis } from '../support/redis.ts';
import { all, forgetting, keeping, over, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();

let unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await use.own.redis.configSet({ maxmemory: '0' });
  await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

/** How sending failed. */
async function failureOf(sending: Promise<unknown>): Promise<SendError> {
  const error = await sending.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(SendError);
  return error as SendError;
}

test.each(keeping)('%s: refused, with Redis’ answer', async (_name, pattern) => {
  const producer = use.topic(pattern).producer();
  await use.own.redis.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
  const error = await failureOf(producer.sendBatch([1, 2, 3]));
  expect(error).toMatchObject({
    name: 'SendError',
    reason: 'refused',
    cause: { message: expect.stringContaining('OOM') },
  });
  expect(error.message).toContain('3 of 3 messages were not sent (refused)');
  expect([...error.failures]).toEqual([0, 1, 2].map((place) => [place, 'refused']));
  expect((await failureOf(producer.send(4))).message).toContain('The message was not sent (refused)');
  await use.own.redis.configSet({ maxmemory: '0' });
  expect(await producer.send(5)).toBe(1);
  expect(producer.stats).toMatchObject({ accepted: 1, refused: 4, unconfirmed: 0, buffered: 0 });
});

test.each(all)('%s: an answer that is lost on the way', async (name, pattern) => {
  await using line = await TcpProxy.to(use.own.server.port);
  const messaging = use.messaging(over(line.port));
  await messaging.connect();
  const producer = messaging.topic<number>(`cut-${name}`, { pattern }).producer();
  line.cutReplyTo(/RPUSH|XADD|PUBLISH|EVAL/);
  const sending = producer.send(1);
  if (pattern.guarantees.delivery === 'at-least-once') {
    await sending;
    expect(producer.stats).toMatchObject({ accepted: 1, retried: 1, unconfirmed: 0 });
  } else {
    expect(await failureOf(sending)).toMatchObject({ reason: 'unconfirmed', cause: { message: expect.any(String) } });
    expect(producer.stats).toMatchObject({ accepted: 0, retried: 0, unconfirmed: 1 });
  }
  await messaging.close();
});

test.each(keeping)(
  '%s: while Redis is unreachable, messages wait, up to the limit, and arrive in order',
  async (name, pattern) => {
    await using line = await TcpProxy.to(use.own.server.port);
    const messaging = use.messaging(over(line.port));
    const topic = messaging.topic<number>(`waits-${name}`, { pattern });
    const got: number[] = [];
    topic.consume({}, (value) => void got.push(value));
    const producer = topic.producer({ bufferLimit: 100 });
    await producer.send(1);
    line.swallow();
    line.reset();
    await until('the loss', () => !messaging.isReady);
    const waiting = producer.sendBatch(upTo(95, 2));
    const partly = failureOf(producer.sendBatch(upTo(10, 97)));
    expect((await failureOf(producer.send(1000))).reason).toBe('full');
    expect(producer.stats).toMatchObject({ accepted: 1, buffered: 100, refused: 6 });
    line.pass();
    line.reset();
    await waiting;
    expect([...(await partly).failures]).toEqual([5, 6, 7, 8, 9].map((place) => [place, 'full']));
    await until('all', () => got.length >= 101);
    expect(got).toEqual(upTo(101));
    await messaging.close();
  },
);

test.each(forgetting)('%s: while Redis is unreachable, messages are rejected at once', async (name, pattern) => {
  await using line = await TcpProxy.to(use.own.server.port);
  const messaging = use.messaging(over(line.port));
  await messaging.connect();
  const producer = messaging.topic<number>(`forgets-${name}`, { pattern }).producer();
  line.swallow();
  line.reset();
  await until('the loss', () => !messaging.isReady);
  expect((await failureOf(producer.sendBatch([1, 2]))).reason).toBe('unreachable');
  expect(producer.stats).toMatchObject({ accepted: 0, refused: 2, buffered: 0 });
  line.pass();
  line.reset();
  await until('Redis', () => messaging.isReady);
  await producer.send(3);
  await messaging.close();
});

test.each(keeping)('%s: the limit counts what is under way', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const producer = topic.producer({ bufferLimit: 50 });
  await producer.send(1);
  await use.own.redis.sendCommand(['CLIENT', 'PAUSE', '200', 'WRITE']);
  const sending = producer.sendBatch(upTo(50, 2));
  expect((await failureOf(producer.send(52))).reason).toBe('full');
  await sending;
  expect(await producer.send(53)).toBe(52);
});

test.each(all)('%s: what is too large is not sent, all else is', async (name, pattern) => {
  const codec = { encode: (text: string) => text, decode: String };
  const logged: string[] = [];
  const log = (_: object, text: string) => void logged.push(text);
  const logger = { info: log, warn: log, error: log };
  const messaging = use.messaging({ logger });
  const topic = messaging.topic(`sizes-${name}`, { pattern, codec, maxMessageBytes: 10 });
  const got: string[] = [];
  await topic.consume({}, (text) => void got.push(text)).ready;
  const producer = topic.producer();
  const texts = ['ä'.repeat(6), 'b'.repeat(10), 'c', 'd'.repeat(1_000_000), 'e', 'f'.repeat(11)];
  const error = await failureOf(producer.sendBatch(texts));
  expect([...error.failures]).toEqual([0, 3, 5].map((place) => [place, 'too-large']));
  expect(error.message).toBe(
    '3 of 6 messages were not sent (too-large): it has 12 bytes, and the topic takes 10; ' +
      "send less, or raise the topic's maxMessageBytes",
  );
  expect(await failureOf(producer.send('g'.repeat(11)))).toMatchObject({ reason: 'too-large' });
  expect(producer.stats).toMatchObject({ accepted: 3, refused: 4, unconfirmed: 0, buffered: 0 });
  await until('the others', () => got.length >= 3);
  expect(got).toEqual(['b'.repeat(10), 'c', 'e']);
  expect(logged.filter((text) => /send/i.test(text))).toEqual([]); // others can be sent: it is for the sender to know
});

test('by default, a message has 16 MB at the most', async () => {
  const producer = use.topic(pubsub, { encode: (text: string) => text, decode: String }).producer();
  const most = 'x'.repeat(16 * 1024 * 1024);
  expect(await failureOf(producer.send(`${most}x`))).toMatchObject({ reason: 'too-large' });
  await until(
    'Redis',
    async () =>
      await producer
        .send(most)
        .then(() => true)
        .catch(() => false),
  );
});

test.each(keeping)('%s: a consumer’s subscription is told what is too large', async (_name, pattern) => {
  let told: number | undefined;
  const spying: Pattern = {
    ...pattern,
    subscribe(connection, topic, options) {
      told = options.maxMessageBytes;
      return pattern.subscribe(connection, topic, options);
    },
  };
  await use
    .messaging()
    .topic('told', { pattern: spying, maxMessageBytes: 1234 })
    .consume({}, () => {}).ready;
  expect(told).toBe(1234);
});

test.each(keeping)('%s: closed, with what was under way', async (_name, pattern) => {
  const producer = use.topic(pattern).producer();
  await producer.send(1);
  await use.own.redis.sendCommand(['CLIENT', 'PAUSE', '60000', 'WRITE']);
  const sending = failureOf(producer.send(2));
  await producer.close({ patienceMs: 20 });
  expect((await sending).reason).toBe('unconfirmed');
  expect((await failureOf(producer.send(3))).reason).toBe('closed');
  await producer.close();
  expect(producer.stats).toMatchObject({ accepted: 1, refused: 1, unconfirmed: 1, buffered: 0 });
  await use.own.redis.sendCommand(['CLIENT', 'UNPAUSE']);
});

test.each(keeping)(
  '%s: what was not written yet when the connection broke overtakes nothing',
  async (_name, pattern) => {
    let server: RedisServer = await startRedis();
    try {
      const messaging = use.messaging(over(server.port));
      const topic = messaging.topic<{ count: number }>('order', { pattern });
      const producer = topic.producer();
      await producer.send({ count: 0 });
      process.kill(server.pid, 'SIGSTOP'); // what the kernel does not take stays in the client
      const large = upTo(2000).map((count) => ({ count, fill: 'x'.repeat(8000) }));
      const sending = producer.sendBatch(large).then(
        () => new Map(),
        ({ failures }: SendError) => failures,
      );
      await sleep(100);
      process.kill(server.pid, 'SIGKILL');
      await server.ended;
      server = await startRedis({ port: server.port });
      const failures = await sending;
      await producer.send({ count: 2001 });
      const got: number[] = [];
      topic.consume({}, ({ count }) => void got.push(count));
      await until('the last', () => got.includes(2001));
      expect(got).toEqual(upTo(2001).filter((count) => !failures.has(count - 1)));
      expect(new Set(failures.values())).toEqual(
        new Set(pattern.guarantees.delivery === 'at-least-once' ? [] : ['unconfirmed']),
      );
      expect(got.length).toBeGreaterThan(500);
      await messaging.close();
    } finally {
      await server.stop();
    }
  },
);
