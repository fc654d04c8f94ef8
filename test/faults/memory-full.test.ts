import { describe, expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Line } from '../../testkit/service-process.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

const MESSAGES = Number(process.env.MESSAGES ?? 12_000);
const BUFFER_LIMIT = 2000;
/** What messages may take: bytes. Some batches must fit in at least, with what Redis needs to execute them. */
const ROOM = 1536 * 1024;

const own = useRedis();
jest.setTimeout(120_000);

async function limitMemory(redis: Redis, room: number): Promise<void> {
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  await redis.configSet('maxmemory', String(room === 0 ? 0 : used + room));
}

/** Whether the publisher has made all its messages, and some wait. (Of as many as may wait, a small batch may still find room.) */
const isAllMade = ({ accepted, refused, buffered }: Line) => buffered > 0 && accepted + refused + buffered === MESSAGES;

describe.each(
  patterns.filter(({ guarantees }) => guarantees.keepsUnread).map((pattern) => [pattern.name, pattern] as const),
)('a Redis whose memory is full of messages of %s', (name, pattern) => {
  test('what it took is drained, what it did not take waits, or is refused and counted', async () => {
    await using run = new Scenario(
      own.redis,
      { REDIS_PORT: own.server.port, STATS_INTERVAL: 0.2, RECLAIM_AFTER: 1, STREAM_MAXLEN: 1 },
      [pattern],
    );
    await using _ = { [Symbol.asyncDispose]: () => limitMemory(own.redis, 0) };

    const before = await run.subscribe(); // so that there is whatever a subscriber leaves behind
    expect(await before.stop()).toBe(0);
    await own.redis.configResetStat();
    await limitMemory(own.redis, ROOM);
    const writer = await run.publish({ MESSAGE_COUNT: MESSAGES, PUBLISH_INTERVAL: 0.00025, BUFFER_LIMIT });
    const full = await writer.event('stats', ({ patterns: { [name]: stats } }) => isAllMade(stats), 60_000);
    expect(full.patterns[name].refused).toBeGreaterThan(0);
    expect(await own.redis.info('errorstats')).toContain('errorstat_OOM');

    const reader = run.start({});
    await reader.event('ready');
    for (const { accepted, deliveries } of (await run.close()).values()) {
      expect(deliveries.flat().length).toBe(accepted.length); // a batch is taken or refused as a whole
    }
    expect(writer.final(name)).toMatchObject({ refused: full.patterns[name].refused, unconfirmed: 0 });
  });
});
