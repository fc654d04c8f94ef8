import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Delivery } from '@redis-messaging/shared/delivery/delivery';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { connectTo } from '../support/redis.ts';
import { countOf } from '../support/redis-stats.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const LEASE_MS = 300;

const optionsOf = (consumer: string, signal: AbortSignal) => ({
  signal,
  consumer,
  group: 'group',
  groupStart: '0' as const,
  leaseMs: LEASE_MS,
  maxAttempts: 3,
  maxLength: 0,
  maxMessageBytes: 1000,
});

test('that as many entries are pending as before does not prove that they are the same', async () => {
  await using line = await TcpProxy.to(own.server.port);
  await using connection = await connectTo(line.port);
  const stop = new AbortController();
  await using subscription = await stream.subscribe(connection, 'topic', optionsOf('victim', stop.signal));
  await stream.publish(own.redis, 'topic', ['taken away', 'failed']);
  const [lost, failed] = (await subscription.take(2)) as [Delivery, Delivery];
  expect(await subscription.fail(failed, 'because')).toBe('again');
  line.swallow();
  await sleep(2.5 * LEASE_MS); // until the failed one is taken to be somebody else's
  await own.redis.xClaim('topic', 'group', 'thief', 0, lost.id as string);
  line.pass();
  line.reset();
  await until('the connection to be back', () => connection.isReady);
  expect(await subscription.ack([lost])).toEqual(['lost-lease']);
  const pending = await own.redis.xPendingRange('topic', 'group', '-', '+', 10);
  expect(pending.map(({ id, consumer }) => [id, consumer])).toEqual([
    [lost.id, 'thief'],
    [failed.id, 'victim'],
  ]);
  stop.abort();
});

test('what is being requeued is not renewed meanwhile: nobody has to wait for it', async () => {
  const stop = new AbortController();
  await using subscription = await stream.subscribe(own.connection, 'requeued', optionsOf('first', stop.signal));
  await stream.publish(own.redis, 'requeued', ['given back']);
  const taken = (await subscription.take(1)) as readonly Delivery[];
  await own.redis.sendCommand(['CLIENT', 'PAUSE', String(LEASE_MS), 'WRITE']); // leases are to be renewed meanwhile
  await subscription.requeue(taken);
  await sleep(50);
  const [pending] = await own.redis.xPendingRange('requeued', 'group', '-', '+', 1);
  expect(pending?.millisecondsSinceLastDelivery).toBeGreaterThan(1_000_000);
  stop.abort();
});

/** How often Redis has looked for what is pending since it was asked last. */
async function looks(): Promise<number> {
  const calls = await countOf(own.redis, 'xpending');
  await own.redis.configResetStat();
  return calls;
}

test('entries on their way to their consumer do not keep it from acknowledging others at once; those of somebody else do', async () => {
  const stop = new AbortController();
  const options = { ...optionsOf('me', stop.signal), leaseMs: 60_000 };
  await using subscription = await stream.subscribe(own.connection, 'on-its-way', options);
  const readAs = (consumer: string) => own.redis.xReadGroup('group', consumer, { key: 'on-its-way', id: '>' });
  await stream.publish(own.redis, 'on-its-way', ['1', '2', '3', '4']);
  const taken = (await subscription.take(4)) as Delivery[];
  await stream.publish(own.redis, 'on-its-way', ['on its way', 'that, too']);
  await readAs('me');
  await looks();
  expect(await subscription.ack(taken.slice(0, 2))).toEqual(['done', 'done']);
  expect(await looks()).toBe(1);
  await own.redis.xClaim('on-its-way', 'group', 'thief', 0, (taken[2] as Delivery).id as string);
  expect(await subscription.ack(taken.slice(2))).toEqual(['lost-lease', 'done']);
  expect(await looks()).toBe(1 + 2);
  const pending = await own.redis.xPendingRange('on-its-way', 'group', '-', '+', 10);
  expect(pending.map(({ consumer }) => consumer)).toEqual(['thief', 'me', 'me']);
  stop.abort();
});

test('an entry that may be on its way does not stand in for one that somebody else has', async () => {
  const stop = new AbortController();
  const options = { ...optionsOf('me', stop.signal), leaseMs: 60_000 };
  await using subscription = await stream.subscribe(own.connection, 'stand-in', options);
  await stream.publish(own.redis, 'stand-in', ['1', '2', '3']);
  const taken = (await subscription.take(3)) as Delivery[];
  await stream.publish(own.redis, 'stand-in', ['on its way']);
  await own.redis.xReadGroup('group', 'other', { key: 'stand-in', id: '>' });
  const [other] = await own.redis.xPendingRange('stand-in', 'group', '-', '+', 1, { consumer: 'other' });
  const taking = subscription.take(1);
  await own.redis.xClaim('stand-in', 'group', 'me', 0, other?.id as string);
  await own.redis.xClaim('stand-in', 'group', 'thief', 0, (taken[1] as Delivery).id as string);
  expect(await subscription.ack(taken)).toEqual(['done', 'lost-lease', 'done']);
  stop.abort();
  await taking;
});
