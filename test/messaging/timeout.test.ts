import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { json } from '@redis-messaging/shared/messaging/codec';
import type { HandlerContext } from '@redis-messaging/shared/messaging/consumer/handler';
import { allDeadLetters } from '../../testkit/all-dead-letters.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { over, surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const LEASE_MS = 300;
const TIMEOUT_MS = 100;
const aborted = (signal: AbortSignal) =>
  signal.aborted ? signal.reason : once(signal, 'abort').then(() => signal.reason);

test.each(surviving)(
  '%s: a handler that heeds its signal: the message comes again',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const attempts: number[] = [];
    const reasons: string[] = [];
    const fates: string[] = [];
    const observer = { failed: (_: unknown, reason: string, fate: string) => fates.push(`${fate}: ${reason}`) };
    const options = { handlerTimeoutMs: TIMEOUT_MS, leaseMs: LEASE_MS };
    const handler = async (_: number, { signal, attempt }: HandlerContext) => {
      attempts.push(attempt);
      if (attempt > 1) return;
      const reason = await aborted(signal);
      reasons.push(reason.message);
      throw reason;
    };
    topic.consume(options, handler, observer);
    await topic.producer().send(1);
    await until('the second attempt', () => attempts.length === 2);
    await use.settled(topic);
    expect(attempts).toEqual([1, 2]);
    expect(reasons).toEqual(['took longer than 0.1 s']);
    expect(fates).toEqual(['again: took longer than 0.1 s']);
  }),
);

test.each(surviving)(
  '%s: with its last attempt, it is dead-lettered, whatever its handler comes to',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const gate = use.gate();
    const handled: number[] = [];
    topic.consume({ handlerTimeoutMs: TIMEOUT_MS, maxAttempts: 1 }, gate.pass, {
      handled: (batch) => handled.push(...batch.map(({ value }) => value)),
    });
    await topic.producer().send(1);
    await until('the dead letter', async () => (await use.backlog(topic)).dead === 1);
    gate.open();
    await topic.producer().send(2);
    await until('the next', () => handled.length > 0);
    await use.settled(topic);
    expect(handled).toEqual([2]);
    expect((await allDeadLetters(use.own.redis, pattern, topic.name)).map(({ reason }) => reason)).toEqual([
      'took longer than 0.1 s',
    ]);
  }),
);

test.each(surviving)(
  '%s: a handler that does not end keeps its place, and nobody waits behind it',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const gate = use.gate();
    const others: number[] = [];
    const options = { handlerTimeoutMs: 300, leaseMs: LEASE_MS, maxAttempts: 100 };
    topic.consume({ ...options, name: 'stuck', concurrency: 2 }, (value) => (value < 0 ? gate.pass(value) : undefined));
    const producer = topic.producer();
    await producer.sendBatch(upTo(100)); // from then on it takes many at a time
    await use.settled(topic);
    await producer.sendBatch([-1, -2]);
    await until('both to be stuck', () => gate.running === 2);
    await producer.sendBatch(upTo(50, 101)); // some of them will wait behind the two
    await sleep(400);
    use.again(topic).consume({ ...options, name: 'other' }, (value) => void others.push(value));
    await until('the other to get all', () => others.length >= 52);
    expect([...others].sort((a, b) => a - b)).toEqual([-2, -1, ...upTo(50, 101)]);
    expect(gate.most).toBe(2);
    expect(gate.running).toBe(2);
    await use.settled(topic);
    gate.open();
  }),
);

test.each(surviving)(
  '%s: what comes when all places are taken for good goes to another',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const gate = use.gate();
    const others: number[] = [];
    const options = { handlerTimeoutMs: TIMEOUT_MS, leaseMs: LEASE_MS, maxAttempts: 100 };
    topic.consume({ ...options, name: 'stuck' }, (value) => (value < 0 ? gate.pass(value) : undefined));
    const producer = topic.producer();
    await producer.sendBatch(upTo(100)); // from then on it takes many at a time
    await use.settled(topic);
    await producer.send(-1); // while this one is handled, the next are asked for
    await until('it to be stuck', () => gate.running === 1);
    await sleep(2 * TIMEOUT_MS);
    await producer.sendBatch(upTo(20, 101));
    await sleep(LEASE_MS);
    use.again(topic).consume({ ...options, name: 'other' }, (value) => void others.push(value));
    await until('the other to get all', () => others.length >= 21);
    expect([...others].sort((a, b) => a - b)).toEqual([-1, ...upTo(20, 101)]);
    gate.open();
  }),
);

test.each(surviving)(
  '%s: with dedupeTtlMs, no handler is begun whose time is over',
  use.calm(async (_name, pattern) => {
    await using line = await TcpProxy.to(use.own.server.port);
    const begun: number[] = [];
    const failed: string[] = [];
    let isFirst = true;
    const idOf = ({ id }: { id: string }) => id;
    const codec = json((data) => {
      if (isFirst) line.swallow(); // nobody answers whether it has been handled
      isFirst = false;
      return data as { id: string };
    }, idOf);
    const messaging = use.messaging(over(line.port));
    const topic = messaging.topic(`deduped-${pattern.name}`, { pattern, codec });
    const options = { handlerTimeoutMs: TIMEOUT_MS, leaseMs: LEASE_MS, dedupeTtlMs: 60_000 };
    const consumer = topic.consume(options, (_, { attempt }) => void begun.push(attempt), {
      failed: (_, reason) => failed.push(reason),
    });
    await consumer.ready;
    await pattern.publish(use.own.redis, topic.name, ['{"id":"a"}']);
    await sleep(2 * TIMEOUT_MS);
    line.pass();
    line.reset();
    await until('it to be handled', () => begun.length > 0);
    await use.settled(topic);
    expect(begun).toEqual([expect.any(Number)]);
    expect(begun[0]).toBeGreaterThan(1);
    expect(failed).toEqual(['took longer than 0.1 s']);
  }),
);
