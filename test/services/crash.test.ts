import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { seeded } from '../../testkit/random.ts';
import { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many subscribers are killed, and among how many messages: CRASHES=20 MESSAGES=100000 npm test -- crash */
const CRASHES = Number(process.env.CRASHES ?? 4);
const MESSAGES = Number(process.env.MESSAGES ?? 4000);
const SEED = Number(process.env.SEED ?? 1);
const RECLAIM_AFTER = 1;
const CONCURRENCY = Number(process.env.CONCURRENCY ?? 4);

const own = useRedis();

/** The most that a subscriber has in flight. */
const IN_FLIGHT = 500 + CONCURRENCY;
const HANDLER = 'test/support/effect-handler.mjs';

/** Every message has had its effect, and only those twice that were handled, and not acknowledged yet, at a kill. */
async function expectEffects(name: string): Promise<void> {
  const effects = await own.redis.lRange('effects', 0, -1);
  expect([name, new Set(effects).size]).toEqual([name, MESSAGES]);
  expect(effects.length - MESSAGES).toBeLessThanOrEqual(CRASHES * IN_FLIGHT);
}

const kept = patterns.filter(({ guarantees }) => guarantees.keepsUnread);
const cases = kept.flatMap((pattern) =>
  (pattern.guarantees.delivery === 'at-least-once' ? [0, 3600] : [0]).map(
    (ttl) => [pattern.name, ttl, pattern] as const,
  ),
);

describe.each(cases)('subscribers of %s, DEDUPE_TTL %d, that are killed', (name, DEDUPE_TTL, pattern) => {
  test(
    `${CRASHES} times among ${MESSAGES} messages (seed ${SEED}): what was promised is kept`,
    async () => {
      await own.redis.flushAll();
      const random = seeded(SEED);
      const env = {
        REDIS_PORT: own.server.port,
        PATTERN: name,
        RECLAIM_AFTER,
        LOG_LEVEL: 'debug',
        MAX_ATTEMPTS: 100,
        DEDUPE_TTL,
        CONCURRENCY,
        CONSUMER: 'me', // each instance goes on with the stats of the one before
      };
      const interval = 0.5 / 1000;
      await using writer = new ServiceProcess('publisher', {
        ...env,
        PUBLISH_INTERVAL: interval,
        MESSAGE_COUNT: MESSAGES,
      });
      const ids = new Set<string>();
      let repeated = 0;
      const note = (reader: ServiceProcess) => {
        for (const line of reader.events('received')) {
          if (ids.has(line.id)) repeated++;
          ids.add(line.id);
        }
      };
      let inFlight = 0;
      for (let crash = 0; crash < CRASHES; crash++) {
        await using victim = new ServiceProcess('subscriber', {
          ...env,
          ...(DEDUPE_TTL > 0 ? { HANDLER } : { WORK_TIME: 0.0002 }),
        });
        await victim.event('received');
        await sleep(random(300));
        await victim.stop('SIGKILL');
        inFlight += IN_FLIGHT;
        note(victim);
      }
      await writer.exited;
      expect(writer.final(name)).toMatchObject({ published: MESSAGES, refused: 0, unconfirmed: 0 });
      await using last = new ServiceProcess('subscriber', DEDUPE_TTL > 0 ? { ...env, HANDLER } : env);
      await until(
        'nothing to wait and nothing in flight',
        async () => {
          const { waiting, inFlight } = await pattern.backlog(own.redis, pattern.topic.default, 'subscribers');
          return waiting === 0 && inFlight === 0;
        },
        30_000 + MESSAGES,
      );
      expect(await last.stop()).toBe(0);
      note(last);
      if (DEDUPE_TTL > 0) await expectEffects(name);
      const lost = MESSAGES - ids.size;
      if (DEDUPE_TTL > 0) expect(repeated).toBe(0); // as the lines are written after Redis has answered
      // With DEDUPE_TTL the lines come after Redis' answer, and a crash between costs lines, not effects.
      if (pattern.guarantees.survivesCrash && DEDUPE_TTL === 0) expect(lost).toBe(0);
      else expect(lost).toBeLessThanOrEqual(inFlight);
      // A kill may come between a line of the log and the entry in the ledger: one message for each handler at work.
      const reported = last.final(name)?.lost;
      if (pattern.guarantees.delivery === 'at-most-once')
        expect(Math.abs(reported - lost)).toBeLessThanOrEqual(CRASHES * CONCURRENCY);
      else expect(reported).toBe(0);
    },
    120_000 + 20 * MESSAGES,
  );
});
