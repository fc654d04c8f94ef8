import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Findings } from '../../measure/result.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { handledOnce, nothingLostInFlight, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { publishDuringRestarts } from './restarts.ts';

const KILLS = 3;
/** The most messages that a subscriber has in flight. */
const BATCH = 500;
/** Long enough that Pub/Sub shows what an absence costs: ms. */
const ABSENCE_MS = 150;
const DEDUPE_SECONDS = 60;

const crashes: Pick<Experiment, 'steps' | 'seconds'> = {
  steps: [
    'messages are published at the given rate',
    `the subscriber is killed (SIGKILL) ${KILLS} times, at moments from the seed, and starts again each time`,
  ],
  seconds: 7,
};

/** @param causeOf why a pattern's messages that were in flight at a crash are in no log */
async function crash(testbed: Testbed, causeOf: (guarantees: Guarantees) => string): Promise<Findings> {
  await publishDuringRestarts(testbed, { signal: 'SIGKILL', times: KILLS, absenceMs: ABSENCE_MS });
  return await testbed.evidence.reconcile(({ guarantees }) => [{ cause: causeOf(guarantees), atMost: KILLS * BATCH }]);
}

const lostInFlight = ({ keepsUnread }: Guarantees): string =>
  keepsUnread ? 'popped, then crashed' : 'sent to it, then crashed';

export const subscriberCrashes: Experiment = {
  ...crashes,
  name: 'subscriber-crashes',
  question: 'A subscriber crashes several times while it works: what is lost, what is delivered twice?',
  withPeers: true,
  run: (testbed) => crash(testbed, lostInFlight),
  claims: (guarantees, measured) => [nothingLostInFlight, nothingTwice].map((expect) => expect(guarantees, measured)),
};

/** What is delivered at least once, with an effect that happens once. */
export const subscriberCrashesOnce: Experiment = {
  ...crashes,
  name: 'subscriber-crashes-once',
  question: 'The same crashes with deduplication (DEDUPE_TTL): is anything handled twice?',
  env: { DEDUPE_TTL: DEDUPE_SECONDS },

  run: (testbed) =>
    crash(testbed, (guarantees) =>
      guarantees.delivery === 'at-least-once'
        ? 'handled and marked, then crashed before it was logged'
        : lostInFlight(guarantees),
    ),

  headline: ({ duplicated }) => (duplicated === 0 ? 'none twice' : `${formatNumber(duplicated)} twice`),
  claims: (guarantees, measured) => [handledOnce(guarantees, measured)],
};
