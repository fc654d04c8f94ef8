import { expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { seeded } from '../../testkit/random.ts';
import { until } from '../../testkit/until.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many subscribers are killed: KILLS=10 npm test -- reclaim */
const KILLS = Number(process.env.KILLS ?? 2);
const SEED = Number(process.env.SEED ?? 1);
const RECLAIM_AFTER = 1;
/** For a machine that has other things to do: s. */
const SLACK = 5;

const own = useRedis();
const kept = patterns.filter(({ guarantees }) => guarantees.keepsUnread);

test(
  `what ${KILLS} killed subscribers had in flight is with others within twice RECLAIM_AFTER (seed ${SEED})`,
  async () => {
    const random = seeded(SEED);
    await using run = new Scenario(own.redis, { REDIS_PORT: own.server.port, RECLAIM_AFTER }, kept);
    const survivor = await run.subscribe();
    const writer = await run.publish({ PUBLISH_INTERVAL: 0.005 });
    for (let kill = 0; kill < KILLS; kill++) {
      const victim = await run.subscribe({ WORK_TIME: 60 }); // it has something in flight as soon as its turn has come
      for (const { name } of kept) {
        const turns = survivor.events('received', name).length + 2 + random(20);
        await until(`turns of ${name}`, () => survivor.events('received', name).length > turns);
      }
      if (kill === KILLS - 1) expect(await writer.stop()).toBe(0);
      await victim.stop('SIGKILL');
    }
    await run.drained((2 * RECLAIM_AFTER + SLACK) * 1000);
    for (const { name, guarantees } of (await run.close({ lost: KILLS })).keys()) {
      const again = survivor.events('received', name).filter((line) => line.attempt > 1);
      expect([name, again.length > 0]).toEqual([name, guarantees.survivesCrash]);
    }
  },
  60_000 + 15_000 * KILLS,
);
