import { describe, expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { until } from '../../testkit/until.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
jest.setTimeout(120_000);
const keepNothing = patterns.filter(({ guarantees }) => !guarantees.keepsUnread);

const limitTo = (limit: string) => own.redis.configSet('client-output-buffer-limit', `pubsub ${limit}`);
const isConnected = async () => (await own.redis.clientList({ TYPE: 'PUBSUB' })).length > 0;

describe('a subscriber that is too slow', () => {
  test('is cut off by Redis, comes back, and reports the gap with its true size', async () => {
    await limitTo('0 0 0'); // so that it is cut off once, however slow it is before and afterwards
    await using run = new Scenario(own.redis, { REDIS_PORT: own.server.port }, keepNothing);
    const reader = await run.subscribe();
    await run.publish({ PUBLISH_INTERVAL: 0.01, MESSAGE_SIZE: 50_000 });
    await run.flowing();
    reader.process.kill('SIGSTOP');
    await limitTo('1mb 1mb 1');
    await until('Redis to cut it off', async () => !(await isConnected()));
    await limitTo('0 0 0');
    reader.process.kill('SIGCONT');
    await reader.event('reconnected');
    await run.flowing();
    await run.close(); // compares what it reports with what it missed
    for (const { name } of keepNothing) expect(reader.final(name).lost).toBeGreaterThan(0);
    expect([1, 2]).toContain(reader.events('disconnected').length); // one for each connection, unless both are noticed at once
  });
});
