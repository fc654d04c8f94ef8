import { expect, test } from '@jest/globals';
import type { AckFate } from '@redis-messaging/shared/delivery/delivery';
import { json } from '@redis-messaging/shared/messaging/codec';
import { seeded } from '../../testkit/random.ts';
import { until } from '../../testkit/until.ts';
import { surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const SEED = Number(process.env.SEED ?? 1);
const codec = json<{ id: string }>(undefined, ({ id }) => id);
const messages = (count: number) => upTo(count).map((number) => ({ id: `id-${number}` }));
const sorted = (ids: readonly string[]) => JSON.stringify([...ids].sort());

test.each(surviving)('%s: what one consumer has handled, the other leaves out', async (name, pattern) => {
  const handled: string[] = [];
  const fates: AckFate[] = [];
  const open = (consumer: string) => {
    const topic = use.messaging().topic(`deduped-${name}`, { pattern, codec });
    const observer = { acknowledged: (_: unknown, all: readonly AckFate[]) => void fates.push(...all) };
    topic.consume({ dedupeTtlMs: 60_000, name: consumer }, ({ id }) => void handled.push(id), observer);
    return topic;
  };
  const topic = open('one');
  const producer = topic.producer();
  await producer.sendBatch(messages(50));
  await until('all', () => fates.length === 50);
  open('two');
  for (const _ of upTo(3)) await producer.sendBatch(messages(50));
  await until('the repetitions', () => fates.length === 200);
  await use.settled(topic);
  expect(sorted(handled)).toBe(sorted(messages(50).map(({ id }) => id)));
  expect(fates.filter((fate) => fate === 'done')).toHaveLength(50);
  expect(fates.filter((fate) => fate === 'repeated')).toHaveLength(150);
});

const cases = surviving.flatMap(([name, pattern]) =>
  [1, 8].map((concurrency) => [name, concurrency, pattern] as const),
);
test.each(cases)(
  `%s: repetitions side by side are handled once by one consumer, %d at a time (seed ${SEED})`,
  async (name, concurrency, pattern) => {
    const random = seeded(SEED);
    const topic = use.messaging().topic(`beside-${name}-${concurrency}`, { pattern, codec });
    const handled: string[] = [];
    const fates: AckFate[] = [];
    topic.consume(
      { dedupeTtlMs: 60_000, concurrency },
      async ({ id }) => {
        if (random(2) === 0) await new Promise((resolve) => setTimeout(resolve, random(5)));
        handled.push(id);
      },
      { acknowledged: (_, all) => fates.push(...all) },
    );
    const repeated = messages(40).flatMap((message) => upTo(1 + random(4)).map(() => message));
    await topic.producer().sendBatch(repeated);
    await until('all', () => fates.length === repeated.length);
    expect(sorted(handled)).toBe(sorted(messages(40).map(({ id }) => id)));
  },
);

test.each(surviving)('%s: one that failed is not left out when it comes again', async (name, pattern) => {
  const topic = use.messaging().topic(`failed-${name}`, { pattern, codec });
  const attempts: number[] = [];
  topic.consume({ dedupeTtlMs: 60_000, leaseMs: 150, concurrency: 4 }, (_, { attempt }) => {
    attempts.push(attempt);
    if (attempts.length < 3) throw new Error('not yet');
  });
  await topic.producer().sendBatch([{ id: 'a' }, { id: 'a' }]);
  await use.settled(topic);
  expect(attempts).toHaveLength(3);
});

test.each(surviving)('%s: a message without an id is invalid', async (name, pattern) => {
  const topic = use.messaging().topic(`without-${name}`, { pattern, codec });
  const invalid: string[] = [];
  topic.consume({ dedupeTtlMs: 60_000 }, () => {}, { invalid: (_, reason) => invalid.push(reason) });
  await pattern.publish(use.own.redis, topic.name, ['{}']);
  await until('it to be dead', async () => (await topic.backlog()).dead === 1);
  expect(invalid).toEqual(['it has no id, and dedupeTtlMs needs one']);
});
