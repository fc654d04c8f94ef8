import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { json } from '@redis-messaging/shared/messaging/codec';
import { Producer } from '@redis-messaging/shared/messaging/producer/producer';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { pubsub } from '@redis-messaging/shared/patterns/pubsub';
import { queue } from '@redis-messaging/shared/patterns/queue';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Connection } from '@redis-messaging/shared/redis/connection';
import type { RedisServer } from '../../local/redis/redis-server.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { connectTo, startRedis } from '../support/redis.ts';

const patient = new AbortController().signal;
let server: RedisServer;
let connections: readonly Connection[];
let own: Connection;
let admin: Redis;

beforeAll(async () => {
  server = await startRedis();
  connections = [await connectTo(server.port), await connectTo(server.port)];
  own = connections[0] as Connection;
  admin = (connections[1] as Connection).client;
});
afterEach(async () => {
  await admin.configSet({ maxmemory: '0' });
  await admin.flushAll();
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await server.stop();
});

interface Numbered {
  readonly id: string;
  readonly count: number;
}

function producerOf(pattern: Pattern, bufferLimit = 100_000, connection = own, dedupeTtlMs = 0) {
  const troubles: (string | undefined)[] = [];
  const codec = json<Numbered>(undefined, ({ id }) => id);
  const options = { bufferLimit, dedupeTtlMs, onRefusal: 'retry' } as const;
  const observer = { trouble: (reason: string | undefined) => troubles.push(reason) };
  return { producer: new Producer<Numbered>(connection, pattern, 'topic', codec, options, observer), troubles };
}

/** Sends, and leaves it to the stats what becomes of it. */
function offer(producer: Producer<Numbered>, batch: readonly Numbered[]): void {
  producer.sendBatch(batch).catch(() => {});
}

const batchOf = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => ({ id: `id-${from + index}`, count: from + index }));
const counts = async () => (await admin.lRange('topic', 0, -1)).map((text) => JSON.parse(text).count);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function refuseWrites(): Promise<void> {
  await admin.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
}

describe('producer', () => {
  test('sends in order and accounts for every message', async () => {
    const { producer } = producerOf(queue);
    for (let from = 1; from <= 5000; from += 250) offer(producer, batchOf(250, from));
    await producer.drained(patient);
    expect(producer.stats).toMatchObject({ accepted: 5000, refused: 0, unconfirmed: 0, buffered: 0 });
    expect(await counts()).toEqual(upTo(5000));
  });

  test('keeps what Redis refuses and sends it when it is accepted again, in order; says so once each', async () => {
    const { producer, troubles } = producerOf(queue);
    await refuseWrites();
    offer(producer, batchOf(1500));
    await until('the refusal', () => troubles.length > 0);
    offer(producer, batchOf(10, 1501));
    expect(producer.stats).toMatchObject({ accepted: 0, buffered: 1510 });
    await admin.configSet({ maxmemory: '0' });
    await producer.drained(patient);
    expect(producer.stats).toMatchObject({ accepted: 1510, refused: 0, unconfirmed: 0 });
    expect(await counts()).toEqual(upTo(1510));
    expect(troubles).toEqual([expect.stringContaining('OOM'), undefined]);
  });

  test('refuses, and counts, what goes beyond its limit', async () => {
    const { producer, troubles } = producerOf(queue, 100);
    await refuseWrites();
    offer(producer, batchOf(80));
    await until('the refusal', () => troubles.length > 0);
    offer(producer, batchOf(50, 81));
    expect(producer.stats).toMatchObject({ buffered: 100, refused: 30 });
    await admin.configSet({ maxmemory: '0' });
    await producer.drained(patient);
    expect(await counts()).toEqual(upTo(100));
    expect(producer.stats).toMatchObject({ accepted: 100, refused: 30, unconfirmed: 0, buffered: 0 });
  });

  test('counts what reached nobody', async () => {
    const { producer } = producerOf(pubsub);
    offer(producer, batchOf(700));
    await producer.drained(patient);
    expect(producer.stats).toMatchObject({ accepted: 700, noSubscribers: 700 });
  });

  test('counts what was under way when the connection broke as unconfirmed, and goes on', async () => {
    const { producer } = producerOf(queue);
    const id = await own.client.clientId();
    await admin.sendCommand(['CLIENT', 'PAUSE', '300', 'WRITE']);
    offer(producer, batchOf(10));
    await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
    await until('the broken connection', () => producer.stats.unconfirmed > 0);
    offer(producer, batchOf(10, 11));
    await producer.drained(patient);
    expect(producer.stats).toMatchObject({ accepted: 10, unconfirmed: 10, refused: 0 });
    expect((await counts()).slice(-10)).toEqual(upTo(20).slice(10));
  });

  test.each([
    ['queue', 0, { accepted: 0, unconfirmed: 10, retried: 0 }, upTo(10)],
    ['queue', 60_000, { accepted: 10, unconfirmed: 0, retried: 10 }, upTo(10)],
    ['reliable-queue', 0, { accepted: 10, unconfirmed: 0, retried: 10 }, [...upTo(10), ...upTo(10)]],
    ['reliable-queue', 60_000, { accepted: 10, unconfirmed: 0, retried: 10 }, upTo(10)],
  ])('%s, remembering for %d ms: an answer that is lost on the way', async (name, dedupeMs, figures, there) => {
    await using line = await TcpProxy.to(server.port);
    await using connection = await connectTo(line.port);
    const { producer } = producerOf(
      patterns.find((pattern) => pattern.name === name) as Pattern,
      100,
      connection,
      dedupeMs,
    );
    line.cutAfterReply(0);
    offer(producer, batchOf(10));
    await producer.drained(patient);
    expect(producer.stats).toMatchObject(figures);
    expect(await counts()).toEqual(there);
  });

  test('gives up in the end on what Redis does not take, and says what became of it', async () => {
    const { producer, troubles } = producerOf(queue);
    await refuseWrites();
    offer(producer, batchOf(20));
    await until('the refusal', () => troubles.length > 0);
    await producer.close({ patienceMs: 50 });
    expect(producer.stats).toMatchObject({ accepted: 0, refused: 20, unconfirmed: 0, buffered: 0 });
  });
});
