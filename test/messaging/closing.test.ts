import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { AckFate } from '@redis-messaging/shared/delivery/delivery';
import { until } from '../../testkit/until.ts';
import { all, keeping, surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();

test.each(keeping)(
  '%s: what is begun is finished, the rest is delivered next, in order',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const gate = use.gate();
    const fates: AckFate[] = [];
    const unhandled: string[] = [];
    const first = topic.consume({ name: 'first' }, (value) => (value > 100 ? gate.pass(value) : undefined), {
      acknowledged: (_, all) => fates.push(...all),
      unhandled: (deliveries, fate) => unhandled.push(...deliveries.map(() => fate)),
    });
    const producer = topic.producer();
    await producer.sendBatch(upTo(100)); // from then on it takes many at a time
    await until('them', () => fates.length === 100);
    await producer.sendBatch(upTo(20, 101));
    await until('the first', () => gate.running === 1);
    await until('others to wait behind it', async () => ((await use.backlog(topic)).waiting ?? 20) < 19);
    const closing = first.close();
    await sleep(600); // what has not begun by then is requeued
    gate.release(1);
    await closing;
    expect(fates).toHaveLength(101);
    expect(gate.begun).toEqual([101]);
    expect(new Set(unhandled)).toEqual(new Set(['requeued']));
    const next: [number, number][] = [];
    topic.consume({ name: 'next' }, (value, { attempt }) => void next.push([value, attempt]));
    await until('the rest', () => next.length >= 19);
    expect(next).toEqual(upTo(19, 102).map((value) => [value, 1]));
    await use.settled(topic);
  }),
);

test.each(keeping)(
  '%s: what handlers do not finish in time is requeued',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const gate = use.gate();
    const unhandled: string[] = [];
    const reasons: string[] = [];
    const first = topic.consume(
      { name: 'first', concurrency: 3 },
      async (value, { signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason.message));
        await gate.pass(value);
      },
      { unhandled: (deliveries, fate) => unhandled.push(...deliveries.map(() => fate)) },
    );
    await topic.producer().sendBatch(upTo(3));
    await until('all three', () => gate.running === 3);
    await Promise.all([first.close({ timeoutMs: 200 }), first.close()]);
    expect(unhandled).toEqual(['requeued', 'requeued', 'requeued']);
    expect(reasons).toEqual(new Array(3).fill('the consumer ends'));
    gate.open(); // too late: nobody listens any more
    const next: [number, number][] = [];
    topic.consume({ name: 'next' }, (value, { attempt }) => void next.push([value, attempt]));
    await until('them again', () => next.length >= 3);
    expect(next).toEqual(upTo(3).map((value) => [value, 1]));
    await use.settled(topic);
  }),
);

test.each(surviving)(
  '%s: a handler that gives up when it is told to leaves its message to others',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const begun: number[] = [];
    const failed: unknown[] = [];
    const abandon = new AbortController();
    const first = topic.consume(
      { name: 'first' },
      async (value, { signal }) => {
        begun.push(value);
        await sleep(60_000, undefined, { signal });
      },
      { failed: (message) => failed.push(message) },
    );
    await topic.producer().sendBatch([1, 2]);
    await until('the handler', () => begun.length === 1);
    const closing = first.close({ abandon: abandon.signal });
    abandon.abort();
    await closing;
    expect([begun, failed]).toEqual([[1], []]);
    const next: [number, number][] = [];
    topic.consume({ name: 'next' }, (value, { attempt }) => void next.push([value, attempt]));
    await until('both', () => next.length >= 2);
    expect(next).toEqual([
      [1, 1],
      [2, 1],
    ]);
    await use.settled(topic);
  }),
);

test.each(all)(
  '%s: closes twice, at once and later, and by `await using`',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    const consumer = topic.consume({}, () => {});
    await Promise.all([consumer.close(), consumer.close()]);
    await consumer.close();
    expect(consumer.isReady).toBe(false);
    await Promise.all([consumer.ready, consumer.finished]);
    const connections = async () => (await use.own.redis.clientList()).length;
    const before = await connections();
    {
      await using inBlock = topic.consume({}, () => {});
      await inBlock.ready;
      await using _producer = topic.producer();
      expect(await connections()).toBeGreaterThan(before);
    }
    await until('its connection to close', async () => (await connections()) <= before);
  }),
);
