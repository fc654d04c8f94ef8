import { expect, test } from '@jest/globals';
import { keysOf } from '@redis-messaging/shared/patterns/reliable-queue/keys';
import { reliableQueue } from '@redis-messaging/shared/patterns/reliable-queue/reliable-queue';
import { until } from '../../testkit/until.ts';
import { useMessaging } from './use-messaging.ts';

const use = useMessaging();

test('reliable-queue: while the memory of Redis is full, what earlier consumers left in flight, and what fails, comes again', async () => {
  const { redis } = use.own;
  const topic = use.topic(reliableQueue);
  const ours = keysOf(topic.name, 'again');
  await redis.rPush(ours.processing, ['1', '2']);
  await redis.rPush(keysOf(topic.name, 'dead').processing, ['3', '4']);
  await redis.sAdd(ours.consumers, 'dead');
  await redis.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
  try {
    await expect(redis.set('key', 'value')).rejects.toThrow('OOM');
    const attempts: string[] = [];
    topic.consume({ name: 'again', leaseMs: 300 }, (value, { attempt }) => {
      attempts.push(`${value}/${attempt}`);
      if (attempt < 3) throw new Error('not yet');
    });
    await until('all to be handled', () => attempts.filter((each) => each.endsWith('/3')).length === 4);
    await use.settled(topic);
    // What was in flight counts as an attempt.
    expect(attempts.sort()).toEqual(['1/2', '1/3', '2/2', '2/3', '3/2', '3/3', '4/2', '4/3']);
  } finally {
    await redis.configSet({ maxmemory: '0' });
  }
});
