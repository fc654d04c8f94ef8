import { describe, expect, test } from '@jest/globals';
import { isSilence } from '@redis-messaging/shared/redis/watchdog';
import { seeded } from '../../testkit/random.ts';
import type { Line } from '../../testkit/service-process.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many replies are cut: CUTS=100 npm test -- cut-reply */
const CUTS = Number(process.env.CUTS ?? 12);
const SEED = Number(process.env.SEED ?? 1);
/** The most that one reply carries. */
const BATCH = 500;

const own = useRedis();

describe('a connection that is reset in the middle of a reply', () => {
  test.each([
    ['subscriber', 4000],
    ['publisher', 400],
  ] as const)(
    `${CUTS} times on the side of the %s: it comes back, and the books are true (seed ${SEED})`,
    async (side, farthest) => {
      const random = seeded(SEED);
      await using line = await TcpProxy.to(own.server.port);
      await using run = new Scenario(own.redis, { RECLAIM_AFTER: 1 });
      const through = (service: string) => ({ REDIS_PORT: service === side ? line.port : own.server.port });
      const reader = await run.subscribe(through('subscriber'));
      const writer = await run.publish({ PUBLISH_INTERVAL: 0.004, ...through('publisher') });
      const cut = side === 'subscriber' ? reader : writer;
      for (let round = 1; round <= CUTS; round++) {
        const next = cut.fromNow();
        line.cutAfterReply(random(farthest));
        await until('the cut', () => line.cuts === round);
        await next('reconnected');
      }
      await run.flowing();
      const fates = await run.close({ lost: side === 'subscriber' ? CUTS * BATCH : 0 });
      // The proxy stands still when this process does; a connection that this ended was not cut.
      const isCut = ({ reason }: Line) => !isSilence(reason) && !reason.startsWith('no answer for');
      expect(cut.events('disconnected').filter(isCut)).toHaveLength(CUTS);
      expect(cut.events('reconnected')).toHaveLength(cut.events('disconnected').length);
      if (side === 'publisher') {
        const unconfirmed = [...fates.keys()].map(
          ({ name }) => writer.final(name).unconfirmed + writer.final(name).retried,
        );
        expect(Math.max(...unconfirmed)).toBeGreaterThan(0);
      }
    },
    60_000 + 3000 * CUTS,
  );
});
