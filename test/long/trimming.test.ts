import { expect, test } from '@jest/globals';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { until } from '../../testkit/until.ts';
import { upTo, useMessaging } from '../messaging/use-messaging.ts';
import { countOf } from '../support/redis-stats.ts';

const use = useMessaging();

test('stream: what was read beside a trimming that Redis refuses is handled, and nothing is dead', async () => {
  await use.own.redis.sendCommand(['ACL', 'SETUSER', 'u', 'on', 'nopass', '~*', '&*', '+@all', '-xtrim']);
  const topic = use.topic(stream);
  const server = { socket: { host: '127.0.0.1', port: use.own.server.port }, username: 'u', password: 'any' };
  const attempts: number[] = [];
  const troubles: string[] = [];
  use
    .messaging({ redis: server })
    .topic<number>(topic.name, { pattern: stream })
    .consume({ maxAttempts: 1, maxLength: 10 }, (_value, { attempt }) => void attempts.push(attempt), {
      trouble: (reason) => void (reason && troubles.push(reason)),
    });
  await topic.producer().sendBatch(upTo(50));
  await until('some to be handled', () => attempts.length > 5);
  await until('the trouble to be told', () => troubles.length > 0);
  expect(troubles.join()).toContain('XTRIM');
  expect(new Set(attempts)).toEqual(new Set([1]));
  expect((await use.backlog(topic)).dead).toBe(0);
});

test('stream: while another group has yet to read it, it is not trimmed again at every read', async () => {
  const { redis } = use.own;
  const topic = use.topic(stream);
  await topic.producer().sendBatch(upTo(50));
  await redis.xGroupCreate(topic.name, 'slow', '0');
  topic.consume({ leaseMs: 600_000, maxLength: 10 }, () => {});
  await use.settled(topic);
  const reads = async (count: number) => {
    await redis.configResetStat();
    await until(`${count} reads`, async () => (await countOf(redis, 'xreadgroup')) >= count);
  };
  await reads(2);
  await reads(3);
  expect(await countOf(redis, 'xtrim')).toBe(0);
  expect(await redis.xLen(topic.name)).toBe(50);
});
