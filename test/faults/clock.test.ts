import { fileURLToPath } from 'node:url';
import { describe, expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Line } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

const MESSAGES = Number(process.env.MESSAGES ?? 400);
const HOUR_MS = 3_600_000;
const settable = ['--import', fileURLToPath(new URL('../support/clock-set-back.mjs', import.meta.url))];

const own = useRedis();
jest.setTimeout(120_000);

/** Whether an hour and not much else lies between a latency and nothing. */
const isAnHour = ({ latencyMs }: Line) => Math.abs(Math.abs(latencyMs) - HOUR_MS) < HOUR_MS / 2;

describe('a wall clock that is set back by an hour in the middle of the work', () => {
  test.each(['subscriber', 'publisher'] as const)(
    "the %s's: the books are true, and negative latencies are counted apart",
    async (side) => {
      await using run = new Scenario(own.redis, { REDIS_PORT: own.server.port });
      const reader = await run.subscribe({}, settable);
      const writer = await run.publish({ PUBLISH_INTERVAL: 0.002 }, settable);
      await reader.event('received', (line) => line.count === MESSAGES / 4);
      (side === 'subscriber' ? reader : writer).process.kill('SIGUSR2');
      for (const { name } of run.patterns) {
        const many = () => reader.events('received', name).filter(isAnHour).length > MESSAGES / 4;
        await until(`many an hour off by ${name}`, many, 30_000);
      }
      for (const [{ name }, { accepted, deliveries }] of await run.close()) {
        const lines = reader.events('received', name);
        const stats = reader.final(name);
        const negative = lines.filter((line) => line.latencyMs < 0);
        const received = accepted.length;
        expect([name, deliveries.flat().length]).toEqual([name, received]);
        expect(stats).toMatchObject({ received, lost: 0, elsewhere: 0, duplicated: 0, reordered: 0 });
        expect([name, stats.latencyMs.negative]).toEqual([name, negative.length]);
        if (side === 'subscriber') expect(negative).toEqual(lines.filter(isAnHour));
        else expect(stats.latencyMs).toMatchObject({ negative: 0, max: expect.closeTo(HOUR_MS, -5) });
      }
    },
  );

  const streams = patterns.filter(({ commands }) => commands.some((word) => word === 'XADD'));

  test.each(streams.map((pattern) => [pattern.name, pattern] as const))(
    "Redis': a %s whose last id lies in the future goes on in order, also with what a dead subscriber had in flight",
    async (_name, pattern) => {
      const key = pattern.topic.default;
      await own.redis.xAdd(key, `${Date.now() + HOUR_MS}-0`, { payload: 'of the future' });
      await using run = new Scenario(own.redis, { REDIS_PORT: own.server.port, RECLAIM_AFTER: 1 }, [pattern]);
      const victim = await run.subscribe({ WORK_TIME: 0.05 });
      await run.publish({ MESSAGE_COUNT: MESSAGES, PUBLISH_INTERVAL: 0 });
      await victim.event('received', (line) => line.count === 10);
      await victim.stop('SIGKILL');
      expect((await run.backlog(pattern)).inFlight).toBeGreaterThan(0);
      const heir = await run.subscribe();
      await run.close();
      for (const service of [victim, heir]) {
        const first = service.events('received').filter((line) => line.attempt === 1);
        const counts = first.map((line) => line.count);
        expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      }
      expect(heir.events('received').some((line) => line.attempt === 2)).toBe(true);
    },
  );
});
