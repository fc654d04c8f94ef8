import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { PossibleCause } from '../../account/causes.ts';
import { mostInFlight, type Outage, poppedBefore, pushedDuring } from '../../account/outages.ts';
import { handledOnce, nothingLostInFlight, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { publishDuringRestarts, WORK_SECONDS } from './restarts.ts';

const KILLS = 3;
/** Long enough that Pub/Sub shows what an absence costs: ms. */
const ABSENCE_MS = 150;
const DEDUPE_SECONDS = 60;

const CRASHES = { signal: 'SIGKILL', times: KILLS, absenceMs: ABSENCE_MS } as const;

const crashes: Pick<Experiment, 'steps' | 'seconds'> = {
  steps: [
    'messages are published at the given rate',
    `the subscriber is killed (SIGKILL) ${KILLS} times, at moments from the seed, and starts again each time`,
  ],
  seconds: 7,
};

/** What crashes may cost: what was in flight, of patterns that do not redeliver it. */
export function lostInCrashes(guarantees: Guarantees, ends: readonly Outage[]): PossibleCause[] {
  if (!guarantees.keepsUnread) return [pushedDuring('sent to it, then crashed', ends)];
  return guarantees.survivesCrash ? [] : [poppedBefore('popped, then crashed', ends, mostInFlight(WORK_SECONDS))];
}

export const subscriberCrashes: Experiment = {
  ...crashes,
  name: 'subscriber-crashes',
  question: 'A subscriber crashes several times while it works: what is lost, what is delivered twice?',
  withPeers: true,

  async run(testbed) {
    const ends = await publishDuringRestarts(testbed, CRASHES);
    return await testbed.evidence.reconcile({ causesOf: ({ guarantees }) => lostInCrashes(guarantees, ends) });
  },

  claims: (guarantees, measured) => [nothingLostInFlight, nothingTwice].map((expect) => expect(guarantees, measured)),
};

/** What is delivered at least once, with an effect that happens once. */
export const subscriberCrashesOnce: Experiment = {
  ...crashes,
  name: 'subscriber-crashes-once',
  question: 'The same crashes with deduplication (DEDUPE_TTL): is anything handled twice?',
  env: { DEDUPE_TTL: DEDUPE_SECONDS },

  async run(testbed) {
    const ends = await publishDuringRestarts(testbed, CRASHES);
    return await testbed.evidence.reconcile({
      causesOf: ({ guarantees }) => lostInCrashes(guarantees, ends),
      handled: { crashes: ends, most: mostInFlight(WORK_SECONDS) },
    });
  },

  claims: (guarantees, measured) => [handledOnce, nothingLostInFlight].map((expect) => expect(guarantees, measured)),
};
