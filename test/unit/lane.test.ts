import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { pubsub } from '@redis-messaging/shared/patterns/pubsub';
import { queue } from '@redis-messaging/shared/patterns/queue';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Connection } from '@redis-messaging/shared/redis/connection';
import type { RedisServer } from '../../local/redis/redis-server.ts';
import { Lane } from '../../publisher/src/buffered-producer.ts';
import { makeOutgoing } from '../../publisher/src/outgoing.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { connectTo, startRedis } from '../support/redis.ts';

const patient = new AbortController().signal;
let server: RedisServer;
let connections: readonly Connection[];
let redis: Redis;
let admin: Redis;

beforeAll(async () => {
  server = await startRedis();
  connections = [await connectTo(server.port), await connectTo(server.port)];
  [redis, admin] = connections.map(({ client }) => client) as [Redis, Redis];
});
afterEach(async () => {
  await admin.configSet({ maxmemory: '0' });
  await admin.flushAll();
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await server.stop();
});

function laneOf(pattern: Pattern, limit = 100_000, connection = redis, dedupeMs = 0) {
  const troubles: (string | undefined)[] = [];
  const lane = new Lane(pattern, connection, 'topic', {
    limit,
    dedupeMs,
    onSent: () => {},
    onTrouble: (trouble) => troubles.push(trouble),
  });
  return { lane, troubles };
}

const batchOf = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => makeOutgoing('lane', from + index, 0));
const counts = async () => (await admin.lRange('topic', 0, -1)).map((text) => JSON.parse(text).count);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function refuseWrites(): Promise<void> {
  await admin.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
}

describe('lane', () => {
  test('sends in order and accounts for every message', async () => {
    const { lane } = laneOf(queue);
    for (let from = 1; from <= 5000; from += 250) lane.offer(batchOf(250, from));
    await lane.drained(patient);
    expect(lane).toMatchObject({ published: 5000, refused: 0, unconfirmed: 0, waiting: 0 });
    expect(await counts()).toEqual(upTo(5000));
  });

  test('keeps what Redis refuses and sends it when it is accepted again, in order; says so once each', async () => {
    const { lane, troubles } = laneOf(queue);
    await refuseWrites();
    lane.offer(batchOf(1500));
    await until('the refusal', () => troubles.length > 0);
    lane.offer(batchOf(10, 1501));
    expect(lane).toMatchObject({ published: 0, waiting: 1510 });
    await admin.configSet({ maxmemory: '0' });
    await lane.drained(patient);
    expect(lane).toMatchObject({ published: 1510, refused: 0, unconfirmed: 0 });
    expect(await counts()).toEqual(upTo(1510));
    expect(troubles).toEqual([expect.stringContaining('OOM'), undefined]);
  });

  test('refuses, and counts, what goes beyond its limit', async () => {
    const { lane, troubles } = laneOf(queue, 100);
    await refuseWrites();
    lane.offer(batchOf(80));
    await until('the refusal', () => troubles.length > 0);
    lane.offer(batchOf(50, 81));
    expect(lane).toMatchObject({ waiting: 100, refused: 30 });
    await admin.configSet({ maxmemory: '0' });
    await lane.drained(patient);
    expect(await counts()).toEqual(upTo(100));
    expect(lane).toMatchObject({ published: 100, refused: 30, unconfirmed: 0, waiting: 0 });
  });

  test('counts what reached nobody', async () => {
    const { lane } = laneOf(pubsub);
    lane.offer(batchOf(700));
    await lane.drained(patient);
    expect(lane).toMatchObject({ published: 700, noSubscribers: 700 });
  });

  test('counts what was under way when the connection broke as unknown, and goes on', async () => {
    const { lane } = laneOf(queue);
    const id = await redis.clientId();
    await admin.sendCommand(['CLIENT', 'PAUSE', '300', 'WRITE']);
    lane.offer(batchOf(10));
    await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
    await until('the broken connection', () => lane.unconfirmed > 0);
    lane.offer(batchOf(10, 11));
    await lane.drained(patient);
    expect(lane).toMatchObject({ published: 10, unconfirmed: 10, refused: 0 });
    expect((await counts()).slice(-10)).toEqual(upTo(20).slice(10));
  });

  test.each([
    ['queue', 0, { published: 0, unconfirmed: 10, retried: 0 }, upTo(10)],
    ['queue', 60_000, { published: 10, unconfirmed: 0, retried: 10 }, upTo(10)],
    ['reliable-queue', 0, { published: 10, unconfirmed: 0, retried: 10 }, [...upTo(10), ...upTo(10)]],
    ['reliable-queue', 60_000, { published: 10, unconfirmed: 0, retried: 10 }, upTo(10)],
  ])('%s, remembering for %d ms: an answer that is lost on the way', async (name, dedupeMs, figures, there) => {
    await using line = await TcpProxy.to(server.port);
    await using connection = await connectTo(line.port);
    const { lane } = laneOf(
      patterns.find((pattern) => pattern.name === name) as Pattern,
      100,
      connection.client,
      dedupeMs,
    );
    line.cutAfterReply(0);
    lane.offer(batchOf(10));
    await lane.drained(patient);
    expect(lane).toMatchObject(figures);
    expect(await counts()).toEqual(there);
  });

  test('gives up in the end on what Redis does not take, and says what became of it', async () => {
    const { lane, troubles } = laneOf(queue);
    await refuseWrites();
    lane.offer(batchOf(20));
    await until('the refusal', () => troubles.length > 0);
    await lane.finish(50, patient);
    expect(lane).toMatchObject({ published: 0, refused: 20, unconfirmed: 0, waiting: 0 });
  });
});
