import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createMessaging, type Messaging } from '@redis-messaging/shared/messaging/messaging';
import { partitionFor, partitionsOf } from '@redis-messaging/shared/messaging/partitions/names';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { findServer } from '../../local/redis/find-server.ts';
import { ownerOf } from '../../local/redis/one-server.ts';
import { type RedisCluster, startRedisCluster } from '../../local/redis/redis-cluster.ts';
import { until } from '../../testkit/until.ts';

jest.setTimeout(60_000);
const PARTITIONS = 6;
const COUNT = 600;
const named = patterns
  .filter(({ isPartitionable }) => isPartitionable)
  .map((pattern) => [pattern.name, pattern] as const);
let cluster: RedisCluster;
let messaging: Messaging;

const rootNodes = () => cluster.servers.map(({ port }) => ({ socket: { host: '127.0.0.1', port } }));

beforeAll(async () => {
  cluster = await startRedisCluster(await findServer(console.error), { primaries: 3, replicas: 0 });
  messaging = createMessaging({ redis: { rootNodes: rootNodes() } });
});
afterAll(async () => {
  await messaging.close();
  await cluster.stop();
});

interface Order {
  readonly customer: string;
  readonly number: number;
}

describe.each(named)('%s in partitions', (name, pattern) => {
  test('each message arrives once, and those that belong together in their order, by several servers', async () => {
    const topic = messaging.topic<Order>(`orders-${name}`, {
      pattern,
      partitions: PARTITIONS,
      partitionBy: ({ customer }) => customer,
    });
    const handled = new Map<string, number[]>();
    const consumer = topic.consume({}, ({ customer, number }) => {
      handled.set(customer, [...(handled.get(customer) ?? []), number]);
    });
    await consumer.ready;
    const producer = topic.producer();
    const orders = Array.from({ length: COUNT }, (_, number) => ({ customer: `customer ${number % 20}`, number }));
    const receipt = await producer.sendBatch(orders);
    expect(receipt).toHaveLength(COUNT);
    expect(producer.stats).toMatchObject({ accepted: COUNT, buffered: 0 });
    await until('all', () => [...handled.values()].flat().length === COUNT);
    expect(handled.size).toBe(20);
    for (const numbers of handled.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    await until('nothing to be left', async () => {
      const { waiting, inFlight } = await topic.backlog();
      return (waiting ?? 0) + inFlight === 0;
    });
    await consumer.close();
    const { port } = cluster.servers[0] as { port: number };
    const owners = await Promise.all(topic.partitions.map((part) => ownerOf(part, port)));
    expect(new Set(owners.map((owner) => owner.port)).size).toBeGreaterThan(1);
  });

  test('another number of partitions is refused, with what to do', async () => {
    const topic = `fixed-${name}`;
    const first = messaging.topic<number>(topic, { pattern, partitions: 2 }).consume({}, () => {});
    await first.ready;
    await using others = createMessaging({ redis: { rootNodes: rootNodes() } });
    for (const partitions of [1, 3]) {
      const producer = others.topic<number>(topic, { pattern, partitions }).producer();
      if (!pattern.guarantees.keepsUnread) await until('the server', () => others.isReady);
      await expect(producer.send(1)).rejects.toThrow('has 2 partitions, and the number cannot change');
      const consumer = others.topic<number>(topic, { pattern, partitions }).consume({}, () => {});
      await expect(consumer.finished).rejects.toThrow('expected 2 (PARTITIONS=2)');
    }
  });
});

test('what has been used without partitions cannot be split', async () => {
  const [, pattern] = named.find(([, { guarantees }]) => guarantees.replays) ?? [];
  if (!pattern) throw new Error('expected a pattern that keeps what was handled');
  await messaging.topic<number>('whole', { pattern }).producer().send(1);
  await expect(messaging.topic<number>('whole', { pattern, partitions: 2 }).producer().send(1)).rejects.toThrow(
    'has no partitions',
  );
});

test('Pub/Sub has no partitions, and numbers that are none are refused', () => {
  const [pubsub] = patterns.filter(({ isPartitionable }) => !isPartitionable);
  if (!pubsub) throw new Error('expected a pattern without partitions');
  expect(() => messaging.topic('x', { pattern: pubsub, partitions: 2 })).toThrow('pubsub has no partitions');
  for (const partitions of [0, 1.5, 1001])
    expect(() => messaging.topic('x', { pattern: (named[0] as (typeof named)[0])[1], partitions })).toThrow(
      'from 1 to 1000',
    );
});

test('names and places are the same for everybody', () => {
  expect(partitionsOf('orders', 1)).toEqual(['orders']);
  expect(partitionsOf('orders', 3)).toEqual(['orders.0', 'orders.1', 'orders.2']);
  expect(partitionsOf('orders{eu}:x', 2)).toEqual(['orders{eu.0}:x', 'orders{eu.1}:x']);
  expect(['', 'a', 'foobar', 'Zoë'].map((key) => partitionFor(key, 1000))).toEqual([261, 220, 720, 767]);
});
