import { expect, test } from '@jest/globals';
import type { FailFate } from '@redis-messaging/shared/delivery/delivery';
import { type Codec, json } from '@redis-messaging/shared/messaging/codec';
import type { Handler } from '@redis-messaging/shared/messaging/consumer/handler';
import { allDeadLetters } from '../../testkit/all-dead-letters.ts';
import { until } from '../../testkit/until.ts';
import { hostilePayloads } from '../support/hostile.ts';
import { all, keeping, surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();

/** Handlers that fail, each in its own way, and the reason that is told. */
const failing: Record<string, [Handler<number>, string]> = {
  'throws at once': [
    () => {
      throw new Error('at once');
    },
    'at once',
  ],
  rejects: [async () => Promise.reject(new Error('later')), 'later'],
  'throws a text': [
    () => {
      throw 'a text';
    },
    'a text',
  ],
  'rejects with nothing': [() => Promise.reject(), 'undefined'],
  'has a thenable that fails': [
    // biome-ignore lint/suspicious/noThenProperty: that is what a handler may return
    () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject(new Error('thenable')) }),
    'thenable',
  ],
};
const failures = all.flatMap(([name, pattern]) =>
  Object.entries(failing).map(([how, [handler, reason]]) => [name, how, { pattern, handler, reason }] as const),
);

test.each(failures)('%s: a handler that %s', async (_name, _how, { pattern, handler, reason }) => {
  const topic = use.topic(pattern);
  const told: [string, FailFate][] = [];
  const handled: number[] = [];
  const consumer = topic.consume(
    { maxAttempts: 2, leaseMs: 150 },
    (value, context) => (value === 1 ? handler(value, context) : handled.push(value)),
    { failed: (_, why, fate) => told.push([why, fate]) },
  );
  await consumer.ready;
  await topic.producer().sendBatch([1, 2]);
  const { survivesCrash } = pattern.guarantees;
  await until('the last failure', () => told.length === (survivesCrash ? 2 : 1));
  await until('the other', () => handled.length === 1);
  await use.settled(topic);
  const fates = survivesCrash ? ['again', 'dead'] : ['lost'];
  expect(told).toEqual(fates.map((fate) => [reason, fate]));
  expect((await use.backlog(topic)).dead).toBe(survivesCrash ? 1 : 0);
});

test.each(all)('%s: what a handler returns that is no promise is a success', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const results = [undefined, null, 0, false, '', {}, () => {}, new Error('returned')];
  let acknowledged = 0;
  await topic.consume({}, (value) => results[value], {
    acknowledged(batch) {
      acknowledged += batch.length;
    },
  }).ready;
  await topic.producer().sendBatch(upTo(results.length, 0));
  await until('all', () => acknowledged === results.length);
});

test.each(keeping)('%s: what the codec cannot decode is dead-lettered, byte by byte', async (_name, pattern) => {
  const codec: Codec<string, never> = {
    encode: (value) => value,
    decode: () => {
      throw new Error('no such thing');
    },
  };
  const topic = use.messaging().topic('undecodable', { pattern, codec });
  await use.own.redis.flushAll();
  const invalid: string[] = [];
  topic.consume({ concurrency: 4 }, () => {}, { invalid: (_, reason) => invalid.push(reason) });
  const payloads = Object.values(hostilePayloads);
  await pattern.publish(use.own.redis, topic.name, payloads);
  await until('all to be dead', async () => (await topic.backlog()).dead === payloads.length);
  await use.settled(topic);
  const letters = await allDeadLetters(use.own.redis, pattern, topic.name);
  const sorted = (buffers: readonly Buffer[]) => buffers.map((buffer) => buffer.toString('base64')).sort();
  expect(sorted(letters.map(({ payload }) => payload))).toEqual(sorted(payloads));
  expect(new Set(letters.map(({ reason }) => reason))).toEqual(new Set(['no such thing']));
  expect(invalid).toHaveLength(payloads.length);
});

interface Identified {
  readonly id?: string | undefined;
  readonly text: string;
}

test.each(surviving)('%s: attempts are counted for each message', async (name, pattern) => {
  const codec = json<Identified>(undefined, ({ id }) => id);
  const topic = use.messaging().topic(`attempts-${name}`, { pattern, codec });
  const attempts = new Map<string, number[]>();
  topic.consume({ maxAttempts: 3, leaseMs: 150 }, ({ text }, { id = 'none', attempt }) => {
    attempts.set(id, [...(attempts.get(id) ?? []), attempt]);
    if (text === 'fails') throw new Error('as it should');
  });
  await topic.producer().sendBatch([
    { id: 'a', text: 'fails' },
    { id: 'b', text: 'fails' },
    { id: 'c', text: 'succeeds' },
  ]);
  await until('both to be dead', async () => (await topic.backlog()).dead === 2);
  await use.settled(topic);
  expect(Object.fromEntries(attempts)).toEqual({ a: [1, 2, 3], b: [1, 2, 3], c: [1] });
});

test.each(surviving)('%s: what was dead-lettered begins anew when it is sent again', async (name, pattern) => {
  const topic = use.messaging().topic<string>(`anew-${name}`, { pattern });
  const attempts: number[] = [];
  let fails = true;
  topic.consume({ maxAttempts: 2, leaseMs: 150 }, (_, { attempt }) => {
    attempts.push(attempt);
    if (fails) throw new Error('as it should');
  });
  const producer = topic.producer();
  await producer.send('the same');
  await until('it to be dead', async () => (await topic.backlog()).dead === 1);
  fails = false;
  await producer.send('the same');
  await until('it to be handled', () => attempts.length === 3);
  await use.settled(topic);
  expect(attempts).toEqual([1, 2, 1]);
});
