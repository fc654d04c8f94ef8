import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { keyOf } from '@redis-messaging/shared/delivery/keys';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { reliableQueue } from '@redis-messaging/shared/patterns/reliable-queue/reliable-queue';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { over, surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const LEASE_MS = 600;
/** No test waits for it. */
const LONG_LEASE_MS = 600_000;

/** Where it is written who has a name. */
const nameKey = ({ name, pattern }: { name: string; pattern: Pattern }, consumer: string) =>
  pattern === reliableQueue ? keyOf(name, 'alive', consumer) : keyOf(name, 'alive', 'consumers', consumer);

test.each(surviving)(
  '%s: a second consumer of a name that is alive is refused, and disturbs nobody',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const handled: number[] = [];
    const options = { name: 'same', leaseMs: LEASE_MS, concurrency: 2 };
    const first = use.again(topic).consume(options, async (value) => {
      await sleep(10);
      handled.push(value);
    });
    await first.ready;
    const producer = topic.producer();
    await producer.sendBatch(upTo(20));
    const said: (string | undefined)[] = [];
    const second = use.again(topic).consume(options, () => {}, { trouble: (reason) => said.push(reason) });
    await expect(second.finished).rejects.toThrow(`consumes '${topic.name}' under the name 'same'; give each a name`);
    expect(said[0]).toMatch(/waiting for 1 s$/);
    await producer.sendBatch(upTo(20, 21));
    await use.settled(topic);
    expect(handled).toEqual(upTo(40));
    expect(first.isReady).toBe(true);
  }),
);

test.each(surviving)(
  '%s: whoever starts again under a name need not wait if its former connection is gone',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    await use.own.redis.set(nameKey(topic, 'me'), 'former 999999 127.0.0.1:1', { PX: LONG_LEASE_MS });
    await topic.consume({ name: 'me', leaseMs: LONG_LEASE_MS }, () => {}).ready;
  }),
);

test.each(surviving)(
  '%s: it waits one lease where Redis cannot show whether the former is gone',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const key = nameKey(topic, 'me');
    await use.own.redis.set(key, 'former - -', { PX: LEASE_MS });
    const said: (string | undefined)[] = [];
    const observer = { trouble: (reason?: string) => said.push(reason) };
    await topic.consume({ name: 'me', leaseMs: LEASE_MS }, () => {}, observer).ready;
    expect(said).toEqual([expect.stringContaining('another consumer consumes'), undefined]);
  }),
);

test.each(surviving)(
  '%s: a lease that nobody renewed is waited for, however late the answers come',
  use.calm(async (_name, pattern) => {
    await using line = await TcpProxy.to(use.own.server.port);
    const topic = use.topic(pattern);
    const key = nameKey(topic, 'me');
    const { id, addr } = await use.own.redis.clientInfo(); // a connection that is not gone
    await use.own.redis.set(key, `former ${id} ${addr}`, { PX: LEASE_MS });
    const said: (string | undefined)[] = [];
    const consumer = use
      .messaging(over(line.port))
      .topic<number>(topic.name, { pattern })
      .consume({ name: 'me', leaseMs: LEASE_MS }, () => {}, { trouble: (reason?: string) => said.push(reason) });
    await until('it to wait', () => said.length > 0);
    line.holdFrom(/CLIENT\r\n\$\d+\r\nLIST/);
    await until('the lease to end', async () => (await use.own.redis.exists(key)) === 0);
    await sleep(LEASE_MS / 2);
    line.release();
    await consumer.ready;
  }),
);

test.each(surviving)(
  '%s: a consumer that was cut off, and replaced, ends and says why',
  use.calm(async (_name, pattern) => {
    await using line = await TcpProxy.to(use.own.server.port);
    const topic = use.topic(pattern);
    const gate = use.gate();
    const options = { name: 'same', leaseMs: LEASE_MS };
    const lost: unknown[] = [];
    const cutOff = use.messaging(over(line.port));
    const former = cutOff
      .topic<number>(topic.name, { pattern })
      .consume(options, gate.pass, { leaseLost: (deliveries) => lost.push(...deliveries) });
    await former.ready;
    await topic.producer().send(1);
    await until('it to work', () => gate.begun.length === 1);
    line.swallow();
    line.reset(); // Redis sees its connections go
    const handled: number[] = [];
    await topic.consume(options, (value) => handled.push(value)).ready;
    await until('the message to be handled', () => handled.length === 1);
    line.pass();
    await until('it to know', () => lost.length === 1);
    gate.open();
    await expect(former.finished).rejects.toThrow("under the name 'same'");
  }),
);

test(
  'reliable-queue: what Redis moves to a living consumer that does not wait for it any more is delivered',
  use.calm(async () => {
    const topic = use.topic(reliableQueue);
    const gate = use.gate();
    const handled: number[] = [];
    await use.again(topic).consume({ name: 'busy', leaseMs: LEASE_MS }, gate.pass).ready;
    await topic.producer().send(1);
    await until('it to work', () => gate.begun.length === 1);
    await use.again(topic).consume({ name: 'idle', leaseMs: LEASE_MS }, (value) => handled.push(value)).ready;
    await use.own.redis.rPush(keyOf(topic.name, 'processing', 'busy'), '2');
    await until('it to be handled, although its owner is at work', () => handled.length > 0);
    expect(handled).toEqual([2]);
    expect(gate.begun).toEqual([1]);
  }),
);

test.each(surviving)(
  '%s: after Redis was emptied, what a crashed consumer had is taken over',
  use.calm(async (_name, pattern) => {
    await using line = await TcpProxy.to(use.own.server.port);
    const topic = use.topic(pattern);
    const gate = use.gate();
    const handled: number[] = [];
    const options = { leaseMs: LEASE_MS };
    const crashing = use.messaging(over(line.port));
    const consumer = crashing
      .topic<number>(topic.name, { pattern })
      .consume({ ...options, name: 'crashing' }, gate.pass);
    await consumer.ready;
    await use.own.redis.flushAll();
    await topic.producer().send(1);
    await until('it to work', () => gate.begun.length === 1);
    line.swallow(); // nothing is heard of it any more
    await topic.consume({ ...options, name: 'other' }, (value) => handled.push(value)).ready;
    await until('it to be handled', () => handled.length === 1);
  }),
);
