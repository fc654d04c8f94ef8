import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AckFate, Write } from '@redis-messaging/shared/delivery/delivery';
import { deadLettersOf, keyOf } from '@redis-messaging/shared/delivery/keys';
import { json } from '@redis-messaging/shared/messaging/codec';
import { pubsub } from '@redis-messaging/shared/patterns/pubsub';
import { until } from '../../testkit/until.ts';
import { all, surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();

let unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await use.own.redis.configSet({ maxmemory: '0' });
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

/** Counts what an observer is told, and in how many calls. */
function counting() {
  const counts = { received: 0, handled: 0, acknowledged: 0, calls: 0 };
  const count = (event: 'received' | 'handled' | 'acknowledged') => (batch: readonly unknown[]) => {
    counts[event] += batch.length;
    counts.calls++;
  };
  return {
    counts,
    observer: { received: count('received'), handled: count('handled'), acknowledged: count('acknowledged') },
  };
}

test.each(all)(
  '%s: events come by batches, to telemetry and to the observer of one consumer',
  async (name, pattern) => {
    const [mine, everybodys] = [counting(), counting()];
    const topics: string[] = [];
    let accepted = 0;
    const messaging = use.messaging({
      telemetry: {
        consumer(topic, by) {
          topics.push(`${by} ${topic}`);
          return everybodys.observer;
        },
        producer: () => ({
          accepted(batch) {
            accepted += batch.length;
          },
        }),
      },
    });
    const topic = messaging.topic<number>(`observed-${name}`, { pattern });
    await topic.consume({}, () => {}, mine.observer).ready;
    await topic.producer().sendBatch(upTo(1000));
    await until('all to be acknowledged', () => mine.counts.acknowledged === 1000);
    expect(mine.counts).toMatchObject({ received: 1000, handled: 1000 });
    expect(mine.counts.calls).toBeLessThan(300);
    expect(everybodys.counts).toEqual(mine.counts);
    expect(topics).toEqual([`${name} observed-${name}`]);
    expect(accepted).toBe(1000);
  },
);

test.each(surviving)('%s: writes on acknowledgement are there when it is answered', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const key = keyOf(topic.name, 'account');
  let handled = 0;
  let acknowledged = 0;
  const reading: Promise<readonly [number, number]>[] = [];
  topic.consume({}, () => {}, {
    handled(batch) {
      handled += batch.length;
    },
    writesOnAck: (): Write[] => [{ command: 'HSET', key, args: ['handled', String(handled)] }],
    acknowledged(batch) {
      acknowledged += batch.length;
      const soFar = acknowledged;
      reading.push(use.own.redis.hGet(key, 'handled').then((written) => [soFar, Number(written)]));
    },
  });
  for (const value of upTo(20)) await topic.producer().send(value);
  await until('all', () => acknowledged === 20);
  for (const [soFar, written] of await Promise.all(reading)) expect(written).toBeGreaterThanOrEqual(soFar);
  expect(await use.own.redis.hGet(key, 'handled')).toBe('20');
});

test.each(surviving)(
  '%s: a write that Redis refuses is told, and the messages are acknowledged',
  async (_name, pattern) => {
    const topic = use.topic(pattern);
    const key = keyOf(topic.name, 'account');
    await use.own.redis.set(key, 'something else');
    const refused: string[] = [];
    const fates: AckFate[] = [];
    topic.consume({}, () => {}, {
      writesOnAck: () => [{ command: 'HSET', key, args: ['a', 'b'] }],
      writeRefused: (reason) => refused.push(reason),
      acknowledged: (_, all) => fates.push(...all),
    });
    await topic.producer().send(1);
    await use.settled(topic);
    await until('the answer', () => fates.length > 0);
    expect(fates).toEqual(['done']);
    expect(refused).toEqual([expect.stringContaining('WRONGTYPE')]);
  },
);

const atMostOnce = all.filter(([, { guarantees }]) => guarantees.delivery === 'at-most-once');
test.each(atMostOnce)('%s: nothing is written on acknowledgement, for there is none', async (_name, pattern) => {
  const topic = use.topic(pattern);
  let asked = 0;
  let handled = 0;
  const writesOnAck = () => {
    asked++;
    return [];
  };
  await topic.consume({}, () => void handled++, { writesOnAck }).ready;
  await topic.producer().send(1);
  await until('it to be handled', () => handled === 1);
  expect(asked).toBe(0);
});

test.each(surviving)('%s: a refused acknowledgement is told at once, and made up for', async (name, pattern) => {
  const codec = json<{ id: string }>(undefined, ({ id }) => id);
  const topic = use.messaging().topic(`refused-${name}`, { pattern, codec });
  const troubles: (string | undefined)[] = [];
  const handled: string[] = [];
  const options = { dedupeTtlMs: 60_000, leaseMs: 300, maxAttempts: 100, concurrency: 2 }; // it waits for another
  const gate = use.gate<string>();
  const handler = async ({ id }: { id: string }) => {
    await gate.pass(id);
    handled.push(id);
  };
  topic.consume(options, handler, { trouble: (reason) => troubles.push(reason) });
  await topic.producer().send({ id: 'a' });
  await until('the handler', () => gate.running === 1);
  await use.own.redis.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
  gate.open();
  await until('the refusal', () => troubles.length > 0);
  expect(troubles[0]).toContain('OOM');
  await use.own.redis.configSet({ maxmemory: '0' });
  await use.settled(topic);
  await until('its end', () => troubles.length > 1);
  expect(troubles.slice(1)).toEqual([undefined]);
  expect(new Set(handled)).toEqual(new Set(['a']));
});

const events = ['received', 'handled', 'acknowledged', 'failed', 'invalid'] as const;
const mistakes = surviving.flatMap(([name, pattern]) => events.map((event) => [name, event, pattern] as const));
test.each(mistakes)(
  '%s: what an observer throws in `%s` ends its consumer, and no process',
  async (_name, event, pattern) => {
    const topic = use.topic(pattern);
    const throwing = {
      [event]: () => {
        throw new Error(`mistake in ${event}`);
      },
    };
    const consumer = topic.consume(
      { maxAttempts: 1 },
      (value) => {
        if (value === 2) throw new Error('failed');
      },
      throwing,
    );
    await consumer.ready;
    await pattern.publish(use.own.redis, topic.name, ['1', '2', 'no JSON']);
    await expect(consumer.finished).rejects.toThrow(`mistake in ${event}`);
    expect(consumer.isReady).toBe(false);
  },
);

test('the logger gets a line for what fails', async () => {
  const lines: { level: string; event: string; text: string }[] = [];
  const log = (level: string) => (fields: object, text: string) =>
    void lines.push({ level, text, event: (fields as { event: string }).event });
  const logger = { info: log('info'), warn: log('warn'), error: log('error') };
  for (const [name, pattern] of surviving) {
    lines.length = 0;
    const topic = use.messaging({ logger }).topic<number>(`logged\n${name}`, { pattern });
    topic.consume({ maxAttempts: 2, leaseMs: 200 }, () => {
      throw new Error('bad\nluck');
    });
    await pattern.publish(use.own.redis, topic.name, ['1', 'no JSON']);
    await until('both to be dead', async () => (await topic.backlog()).dead === 2);
    await use.settled(topic);
    await until('the second failure', () => lines.filter(({ event }) => event === 'failed').length === 2);
    const failed = lines.filter(({ event }) => event === 'failed');
    expect(failed[0]?.text).toMatch(/Handler failed for message .* attempt 1 \(bad.*luck\): it will be redelivered/);
    expect(failed[1]?.text).toMatch(/attempt 2 \(bad.*luck\): it was dead-lettered/);
    expect(lines.every(({ text }) => !text.includes('\n'))).toBe(true);
    expect(lines.filter(({ event }) => event === 'invalid')).toHaveLength(1);
    expect(lines[0]?.text).toContain('Connected to Redis');
    expect(await use.own.redis.exists(deadLettersOf(topic.name))).toBe(1);
  }
});

test('a producer’s trouble and its end are told and logged once each', async () => {
  const lines: string[] = [];
  const log = (_: object, text: string) => void lines.push(text);
  const messaging = use.messaging({ logger: { info: log, warn: log, error: log } });
  const [, pattern] = surviving[0] as (typeof surviving)[number];
  const producer = messaging.topic<number>('trou\nble', { pattern }).producer();
  await producer.send(0);
  await use.own.redis.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
  for (const value of [1, 2]) await expect(producer.send(value)).rejects.toThrow('OOM');
  await use.own.redis.configSet({ maxmemory: '0' });
  await producer.send(3);
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/^Cannot send to .*'trou\\u000able'.*OOM/),
    expect.stringMatching(/^Sending to .*'trou\\u000able' again$/),
  ]);
  await messaging.topic('other', { pattern: pubsub }).producer().send(1);
});

test.each(surviving)(
  '%s: an observer may do without the messages that are acknowledged; another still sees them',
  async (_name, pattern) => {
    const topic = use.topic(pattern);
    const seen = { shown: 0, fates: 0, others: 0 };
    let wants = false;
    const messaging = use.messaging({
      telemetry: {
        consumer: () => ({
          wantsAcknowledged: () => wants,
          acknowledged(batch, fates) {
            seen.shown += batch.length;
            seen.fates += fates.length;
          },
        }),
      },
    });
    const alone = messaging.topic<number>(topic.name, { pattern }).consume({ name: 'alone' }, () => {});
    await topic.producer().sendBatch(upTo(1000));
    await until('all fates', () => seen.fates === 1000);
    expect(seen.shown).toBe(0);
    wants = true;
    await topic.producer().sendBatch(upTo(1000));
    await until('the fates of all others', () => seen.fates === 2000);
    expect(seen.shown).toBe(1000);
    await alone.close();
    wants = false;
    messaging.topic<number>(topic.name, { pattern }).consume({ name: 'with another' }, () => {}, {
      acknowledged: (batch) => {
        seen.others += batch.length;
      },
    });
    await topic.producer().sendBatch(upTo(1000));
    await until('the messages', () => seen.others === 1000);
    expect(seen.fates).toBe(3000);
  },
);
