import { expect, test } from '@jest/globals';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { until } from '../../testkit/until.ts';
import { upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
/** More than a read takes, and than are read before the stream is trimmed again. */
const MESSAGES = 1500;

test('what could not be trimmed, because it was in flight, is trimmed when all of it is acknowledged', async () => {
  const { redis } = use.own;
  const topic = use.topic(stream);
  const gate = use.gate();
  await topic.producer().sendBatch(upTo(MESSAGES));
  topic.consume({ concurrency: MESSAGES, leaseMs: 600_000, maxLength: 100 }, gate.pass);
  await until('all to be in flight', () => gate.running === MESSAGES);
  expect(await redis.xLen(topic.name)).toBe(MESSAGES);
  gate.open();
  await until('the trimming', async () => (await redis.xLen(topic.name)) <= 101);
});
