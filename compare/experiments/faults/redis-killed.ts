import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { PossibleCause } from '../../account/causes.ts';
import { goneWithRedis, type HeldAtKill } from '../../account/further-causes.ts';
import { writtenAt } from '../../account/lines.ts';
import { mostInFlight, type Outage, poppedBefore, pushedDuring } from '../../account/outages.ts';
import type { OwnRedis } from '../../testbed/lab-redis.ts';
import { nothingTwice, survivesKilledRedis } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';

/** How Redis keeps its data. */
export type Persistence = 'always' | 'everysec' | 'none';

const SETTINGS: Readonly<Record<Persistence, readonly string[]>> = {
  always: ['appendonly yes', 'appendfsync always'],
  everysec: ['appendonly yes', 'appendfsync everysec'],
  none: [],
};
/** What is accepted is on disk after this time: ms. Redis: "everysec" may take up to two seconds. */
const UNSAVED_MS: Readonly<Record<Persistence, number>> = {
  always: 0,
  everysec: 2000,
  none: Number.POSITIVE_INFINITY,
};
const ABSENCE_MS = 400;
/** Slower than messages are published, so that some wait in Redis when it is killed. */
const SLOWER = 1.5;

/** What is known of the kill. */
interface Kill extends Omit<HeldAtKill, 'unsavedMs'> {
  readonly outage: Outage;
  readonly workSeconds: number;
}

/** What the kill may cost: what was pushed, or popped, and did not arrive; and what was in Redis and not on disk. */
export function lostWithRedis(guarantees: Guarantees, persistence: Persistence, kill: Kill): PossibleCause[] {
  const { outage, workSeconds } = kill;
  if (!guarantees.keepsUnread) return [pushedDuring('the connection was down', [outage])];
  const unsaved = goneWithRedis('not yet on disk when Redis was killed', {
    ...kill,
    unsavedMs: UNSAVED_MS[persistence],
  });
  const popped = poppedBefore('popped, then Redis was killed', [outage], mostInFlight(workSeconds));
  return [...(persistence === 'always' ? [] : [unsaved]), ...(guarantees.survivesCrash ? [] : [popped])];
}

export const redisKilled = (persistence: Persistence): Experiment => ({
  name: `redis-killed-${persistence}`,
  question: `Redis is killed (${persistence === 'none' ? 'no persistence' : `appendfsync ${persistence}`}): which accepted messages are lost?`,
  steps: [
    `Redis runs with: ${SETTINGS[persistence].join(', ') || 'no persistence'}`,
    'messages are published at the given rate, faster than the subscriber works',
    `Redis is killed (SIGKILL) at a moment from the seed, and starts again after ${ABSENCE_MS} ms`,
  ],
  needsOwnRedis: true,
  ownSettings: SETTINGS[persistence],
  seconds: 9,

  async run({ redis: given, load, services, faults, waits, evidence }) {
    const redis = given as OwnRedis;
    const workSeconds = SLOWER / load.rate;
    const subscriber = await services.subscriber('A', { WORK_TIME: workSeconds });
    const publisher = await services.publisher();
    const [moment = 0] = faults.moments(1, 0.3, 0.7);
    await waits.sleep(moment);
    const { askedAt, held } = await evidence.heldNow();
    const killedAt = faults.record(`SIGKILL of Redis after ${moment} ms`);
    await redis.kill();
    await waits.sleep(ABSENCE_MS);
    await redis.restart();
    faults.event('Redis is there again');
    const outage = { from: killedAt, until: await waits.reconnected(subscriber, 1) };
    await waits.settled();
    const backAt = publisher.events('reconnected').map(writtenAt).at(-1) ?? outage.until;
    const kill = { askedAt, killedAt, outage, workSeconds };
    return await evidence.reconcile({
      publisherOutages: [{ from: killedAt, until: backAt }],
      causesOf: ({ name, guarantees }) =>
        lostWithRedis(guarantees, persistence, { ...kill, held: held.get(name) ?? 0 }),
    });
  },

  claims: (guarantees, measured) => [
    survivesKilledRedis(persistence === 'always')(guarantees, measured),
    nothingTwice(guarantees, measured),
  ],
});
