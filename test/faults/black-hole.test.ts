import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

/** How long everything disappears after that has been noticed, in seconds: BLACKHOLE=10 npm test -- faults */
const BLACKHOLE = Number(process.env.BLACKHOLE ?? 0);
/** Of 200 messages a second, for the 3 s that it takes to notice. */
const MISSED_AT_LEAST = 300;
/** The most that one reply carries. */
const BATCH = 500;

const own = useRedis();

describe(`a black hole that is noticed, and ${BLACKHOLE} s more`, () => {
  test.each(['subscriber', 'publisher'] as const)(
    'on the side of the %s: it comes back, and the books are true',
    async (side) => {
      await using line = await TcpProxy.to(own.server.port);
      await using run = new Scenario(own.redis, { RECLAIM_AFTER: 1 });
      const through = (service: string) => ({ REDIS_PORT: service === side ? line.port : own.server.port });
      const reader = await run.subscribe(through('subscriber'));
      const writer = await run.publish({ PUBLISH_INTERVAL: 0.005, ...through('publisher') });
      const cut = side === 'subscriber' ? reader : writer;
      await run.flowing();
      const next = cut.fromNow();
      line.swallow();
      await next('disconnected');
      await sleep(BLACKHOLE * 1000);
      line.pass();
      await next('reconnected');
      await run.flowing();
      const fates = await run.close({ lost: side === 'subscriber' ? BATCH : 0 });
      const missed = [...fates.keys()]
        .filter(({ guarantees }) => !guarantees.keepsUnread)
        .map(({ name }) => {
          const { refused, unconfirmed } = writer.final(name);
          return refused + unconfirmed + reader.final(name).lost;
        });
      expect(Math.min(...missed)).toBeGreaterThan(MISSED_AT_LEAST + BLACKHOLE * 100);
    },
    60_000 + 5000 * BLACKHOLE,
  );
});
