import { expect, test } from '@jest/globals';
import { BATCH_BYTES } from '@redis-messaging/shared/delivery/batch-size';
import { keeping, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const LARGE = 512 * 1024;
const SMALL_ONES = 600;
const LARGE_ONES = 60;
/** What one step of a reading script may take beyond the limit: messages. */
const STEP = 16;

test.each(keeping)('%s: large messages behind many small ones are not taken all at once', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const publish = async (count: number, payload: Buffer) => {
    for (const _ of upTo(count / 20))
      await pattern.publish(
        use.own.redis,
        topic.name,
        Array.from({ length: 20 }, () => payload),
      );
  };
  await publish(SMALL_ONES, Buffer.from('small'));
  await publish(LARGE_ONES, Buffer.alloc(LARGE));
  const messaging = use.messaging();
  await messaging.connect(new AbortController().signal);
  const stop = new AbortController();
  await using subscription = await pattern.subscribe(messaging.connectionFor(), topic.name, {
    signal: stop.signal,
    consumer: 'me',
    group: 'consumers',
    groupStart: '0',
    leaseMs: 30_000,
    maxAttempts: 5,
    maxLength: 0,
    maxMessageBytes: 16 * 1024 * 1024,
  });
  let taken = 0;
  let most = 0;
  while (taken < SMALL_ONES + LARGE_ONES) {
    const deliveries = (await subscription.take(500)) ?? [];
    taken += deliveries.length;
    most = Math.max(
      most,
      deliveries.reduce((bytes, { payload }) => bytes + payload.length, 0),
    );
    await subscription.ack(deliveries);
  }
  stop.abort();
  await subscription.take(1);
  expect(most).toBeGreaterThan(LARGE);
  expect(most).toBeLessThanOrEqual(BATCH_BYTES + STEP * LARGE);
});
