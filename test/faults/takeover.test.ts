import { expect, test } from '@jest/globals';
import { seeded } from '../../testkit/random.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many subscribers hand over to the next: TAKEOVERS=50 npm test -- takeover */
const TAKEOVERS = Number(process.env.TAKEOVERS ?? 5);
const SEED = Number(process.env.SEED ?? 1);

const own = useRedis();

/**
 * Each waits only until it has its own share of the work, not for a message that was published meanwhile: if the machine is slower than the
 * publisher, such a message stands behind a backlog that grows with the waiting.
 */
test(
  `${TAKEOVERS} subscribers get SIGTERM in the middle of the work while another takes over: nothing is lost or repeated (seed ${SEED})`,
  async () => {
    const random = seeded(SEED);
    await using run = new Scenario(own.redis, { REDIS_PORT: own.server.port, WORK_TIME: 0.004 });
    let working = await run.subscribe();
    await run.publish({ PUBLISH_INTERVAL: 0.008 });
    for (let takeover = 0; takeover < TAKEOVERS; takeover++) {
      const next = await run.subscribe();
      const share = 1 + random(20);
      for (const { name } of run.patterns) {
        await next.event('received', (line) => line.pattern === name && line.received >= share);
      }
      await run.stop(working);
      working = next;
    }
    await run.flowing();
    for (const [{ name, guarantees }, { accepted, deliveries }] of await run.close()) {
      if (!guarantees.keepsUnread) continue;
      const repeated = deliveries.flat().length - accepted.length;
      expect([name, repeated]).toEqual([name, Math.min(repeated, run.publisher.final(name).retried)]);
    }
  },
  60_000 + 10_000 * TAKEOVERS,
);
