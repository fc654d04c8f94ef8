import { describe, expect, test } from '@jest/globals';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many there are, and how many messages: SUBSCRIBERS=10 MESSAGES=100000 npm test -- many-subscribers */
const SUBSCRIBERS = Number(process.env.SUBSCRIBERS ?? 4);
const MESSAGES = Number(process.env.MESSAGES ?? 1000);

const own = useRedis();

describe('several subscribers at once', () => {
  // They work for longer than RECLAIM_AFTER, so that one without a heartbeat would be taken for dead.
  const env = () => ({ REDIS_PORT: own.server.port, WORK_TIME: 0.001, RECLAIM_AFTER: 5 });

  test(
    `${SUBSCRIBERS} share ${MESSAGES} messages, or each gets all, and nobody gets one twice`,
    async () => {
      await using run = new Scenario(own.redis, env());
      await Promise.all(Array.from({ length: SUBSCRIBERS }, () => run.subscribe()));
      await run.publish({ MESSAGE_COUNT: MESSAGES, PUBLISH_INTERVAL: 0.008 });
      for (const [{ name, guarantees }, { deliveries }] of await run.close()) {
        const shares = deliveries.map((each) => each.length);
        if (guarantees.audience === 'every-subscriber') {
          expect([name, shares]).toEqual([name, shares.map(() => MESSAGES)]);
        } else {
          expect([name, deliveries.flat().length]).toEqual([name, MESSAGES]);
          expect([name, Math.min(...shares)]).not.toEqual([name, 0]);
        }
      }
    },
    120_000 + 20 * MESSAGES,
  );
});
