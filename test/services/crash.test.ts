import { afterEach, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { seeded } from '../../testkit/random.ts';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { untilDrained } from '../support/drained.ts';
import { startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many subscribers are killed, and among how many messages: CRASHES=20 MESSAGES=100000 npm test -- crash */
const CRASHES = Number(process.env.CRASHES ?? 4);
const MESSAGES = Number(process.env.MESSAGES ?? 3000);
const SEED = Number(process.env.SEED ?? 1);
const RECLAIM_AFTER = 1;
const CONCURRENCY = Number(process.env.CONCURRENCY ?? 4);
/** The most that one subscriber has in flight. */
const IN_FLIGHT = 500 + CONCURRENCY;
/** The most that is handled in the 25 ms after which the account is stored, and while Redis stores it. */
const BEING_STORED = 70;
const HANDLER = 'test/support/effect-handler.mjs';

const own = useRedis();
afterEach(async () => {
  await own.redis.flushAll();
});

/**
 * Every message has had its effect by each of these patterns, and only those once more that were handled, and not acknowledged yet,
 * at a kill.
 */
async function expectEffects(patterns: number): Promise<void> {
  const effects = new Map<string, number>();
  for (const id of await own.redis.lRange('effects', 0, -1)) effects.set(id, (effects.get(id) ?? 0) + 1);
  expect(effects.size).toBe(MESSAGES);
  const counts = [...effects.values()];
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(patterns);
  const repeated = counts.reduce((sum, count) => sum + count - patterns, 0);
  expect(repeated).toBeLessThanOrEqual(patterns * CRASHES * IN_FLIGHT);
}

/** The ids of the messages of a pattern that subscribers say they received, and how many of those they said before. */
function saidOf(name: string, instances: readonly ServiceProcess[]): { ids: ReadonlySet<string>; repeated: number } {
  const said = instances.flatMap((life) => life.events('received', name)).map((line) => line.id as string);
  const ids = new Set(said);
  return { ids, repeated: said.length - ids.size };
}

const kept = patterns.filter(({ guarantees }) => guarantees.keepsUnread);
const repeating = kept.filter(({ guarantees }) => guarantees.delivery === 'at-least-once');

describe.each([
  [0, kept],
  [3600, repeating],
])('subscribers with DEDUPE_TTL %d that are killed', (DEDUPE_TTL, chosen) => {
  test(
    `${CRASHES} times among ${MESSAGES} messages (seed ${SEED}): what was promised is kept`,
    async () => {
      const random = seeded(SEED);
      const env = {
        REDIS_PORT: own.server.port,
        PATTERN: chosen.map(({ name }) => name).join(),
        RECLAIM_AFTER,
        LOG_LEVEL: 'debug',
        MAX_ATTEMPTS: 100,
        DEDUPE_TTL,
        CONCURRENCY,
        CONSUMER: 'me', // each instance goes on with the account of the one before
      };
      await using writer = startService('publisher', {
        ...env,
        PUBLISH_INTERVAL: 0.5 / 1000,
        MESSAGE_COUNT: MESSAGES,
      });
      const instances: ServiceProcess[] = [];
      for (let crash = 0; crash < CRASHES; crash++) {
        const victim = startService('subscriber', {
          ...env,
          ...(DEDUPE_TTL > 0 ? { HANDLER } : { WORK_TIME: 0.01 }),
        });
        instances.push(victim);
        const share = 1 + random(150);
        for (const { name } of chosen) {
          await until(`${share} by ${name}`, () => victim.events('received', name).length >= share);
        }
        await victim.stop('SIGKILL');
      }
      expect(await writer.exited).toBe(0);
      const last = startService('subscriber', { ...env, ...(DEDUPE_TTL > 0 && { HANDLER }) });
      instances.push(last);
      await untilDrained(own.redis, chosen, 30_000 + MESSAGES);
      expect(await last.stop()).toBe(0);
      if (DEDUPE_TTL > 0) await expectEffects(chosen.length);
      for (const { name, guarantees } of chosen) {
        expect(writer.final(name)).toMatchObject({ accepted: MESSAGES, refused: 0, unconfirmed: 0 });
        const { ids, repeated } = saidOf(name, instances);
        const lost = MESSAGES - ids.size;
        if (DEDUPE_TTL > 0) {
          expect([name, repeated]).toEqual([name, 0]);
        }
        // With DEDUPE_TTL the lines come after Redis' answer, and a crash between costs lines, not effects.
        if (guarantees.survivesCrash && DEDUPE_TTL === 0) expect([name, lost]).toEqual([name, 0]);
        else expect(lost).toBeLessThanOrEqual(CRASHES * IN_FLIGHT);
        // Without an acknowledgement, a kill comes between the log's lines and the account's.
        const reported = last.final(name).lost;
        if (guarantees.delivery === 'at-most-once')
          expect(Math.abs(reported - lost)).toBeLessThanOrEqual(CRASHES * (CONCURRENCY + BEING_STORED));
        else expect([name, reported]).toEqual([name, 0]);
      }
    },
    120_000 + 20 * MESSAGES,
  );
});
