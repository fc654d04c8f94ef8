import { expect, test } from '@jest/globals';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import type { Topic } from '@redis-messaging/shared/messaging/messaging';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { withBuffers } from '@redis-messaging/shared/redis/client';
import { until } from '../../testkit/until.ts';
import { named, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const LONGEST = 1000;
const large = Buffer.alloc(LONGEST + 1, Uint8Array.from([0, 255, 34, 10, 128]));

/** The same topic, with a limit. */
const limited = ({ name, pattern }: Pick<Topic<number>, 'name' | 'pattern'>) =>
  use.messaging().topic<number>(name, { pattern, maxMessageBytes: LONGEST });

/** The payload of the only dead letter, wherever it is kept. */
async function onlyLetter(name: string, isStream: boolean): Promise<Buffer> {
  const redis = withBuffers(use.own.redis);
  if (isStream) {
    const entries = (await redis.xRange(deadLettersOf(name), '-', '+')) ?? [];
    expect(entries).toHaveLength(1);
    const [{ message }] = entries as unknown as [{ message: { payload: Buffer } }];
    return message.payload;
  }
  const letters = await use.own.redis.lRange(deadLettersOf(name), 0, -1);
  expect(letters).toHaveLength(1);
  return (await redis.get(JSON.parse(letters[0] as string).payloadKey)) as unknown as Buffer;
}

const keeping = named(patterns.filter(({ guarantees }) => guarantees.keepsUnread));
const places = keeping.flatMap(([name, pattern]) =>
  (['first', 'between others'] as const).map((place) => [name, place, pattern] as const),
);

test.each(places)(
  '%s: what is too large (%s) goes to the dead letters byte by byte, and holds up nobody',
  async (_name, place, pattern) => {
    const topic = use.topic<number>(pattern);
    const before = place === 'first' ? 0 : 100;
    const payloads = [...upTo(before).map(String), large, ...upTo(100, before + 1).map(String)];
    const handled: number[] = [];
    const invalid: [number, string][] = [];
    const consume = () =>
      limited(topic).consume({ concurrency: 4 }, (value) => handled.push(value), {
        invalid: ({ payload }, reason, bytes = payload.length) => invalid.push([bytes, reason]),
      });
    if (place === 'first') await consume().ready; // it waits, and gets the large one alone
    await pattern.publish(use.own.redis, topic.name, payloads);
    if (place !== 'first') await consume().ready;
    await use.settled(topic);
    await until('all to be handled', () => handled.length === before + 100);
    expect(handled).toEqual(upTo(before + 100));
    expect(invalid).toEqual([
      [large.length, expect.stringContaining(`it has ${large.length} bytes, and ${LONGEST} are allowed`)],
    ]);
    expect(await onlyLetter(topic.name, pattern === stream)).toEqual(large);
    expect(await use.backlog(topic)).toMatchObject({ dead: 1 });
  },
);

test.each(keeping)(
  '%s: while the dead letters are refused, what is too large stays, and leaves nothing behind',
  async (_name, pattern) => {
    const topic = use.topic<number>(pattern);
    await use.own.redis.set(deadLettersOf(topic.name), 'neither list nor stream');
    const waiting: (string | undefined)[] = [];
    const consumer = limited(topic).consume({ leaseMs: 300 }, () => {}, {
      trouble: (reason) => waiting.push(reason),
      deadLettersRefused: (reason) => waiting.push(reason),
    });
    await consumer.ready;
    const keysBefore = await use.own.redis.dbSize();
    await pattern.publish(use.own.redis, topic.name, [large]);
    await until('it to be refused', () => waiting.length > 0);
    expect(waiting[0]).toContain('WRONGTYPE');
    expect((await use.own.redis.keys(`*${topic.name}*dead:*`)).length).toBe(0);
    expect(await use.own.redis.dbSize()).toBeLessThanOrEqual(keysBefore + 2);
    await use.own.redis.del(deadLettersOf(topic.name));
    await until('it to be a dead letter', async () => (await use.backlog(topic)).dead === 1);
    expect(await onlyLetter(topic.name, pattern === stream)).toEqual(large);
  },
);
