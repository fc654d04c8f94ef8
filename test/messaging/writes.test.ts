import { expect, test } from '@jest/globals';
import type { Write } from '@redis-messaging/shared/delivery/delivery';
import { keyOf } from '@redis-messaging/shared/delivery/keys';
import { until } from '../../testkit/until.ts';
import { surviving, useMessaging } from './use-messaging.ts';

const use = useMessaging();

/** What an observer writes beside a topic. */
const writeOf = (topic: string, field: string, value: unknown): Write => ({
  command: 'HSET',
  key: keyOf(topic, 'written'),
  args: [field, String(value)],
});
const written = (topic: string, field: string) => use.own.redis.hGet(keyOf(topic, 'written'), field);

test.each(surviving)('%s: what goes with a death is written when the message is dead', async (_, pattern) => {
  const topic = use.topic<number>(pattern);
  const deaths: [string, Promise<string | null>][] = [];
  topic.consume(
    { maxAttempts: 1 },
    () => {
      throw new Error('never');
    },
    {
      writesOnDeath: (payload) => [writeOf(topic.name, String(payload), 'dead')],
      failed: ({ value }, _reason, fate) => void deaths.push([fate, written(topic.name, String(value))]),
    },
  );
  await topic.producer().send(7);
  await until('its death', () => deaths.length === 1);
  const [[fate, text]] = deaths as [[string, Promise<string | null>]];
  expect([fate, await text]).toEqual(['dead', 'dead']);
});
