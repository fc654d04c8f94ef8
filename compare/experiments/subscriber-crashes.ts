import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Experiment, Findings } from '../runner/experiment.ts';
import { publishToLives } from '../runner/restarts.ts';
import type { Stage } from '../runner/stage.ts';
import { handledOnce, nothingLostInHand, nothingTwice } from '../verdict/claims.ts';

const KILLS = 3;
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

/** @param reasonOf why a pattern's messages that were in hand at a crash are in nobody's log */
async function crash(stage: Stage, reasonOf: (guarantees: Guarantees) => string): Promise<Findings> {
  await publishToLives(stage, { signal: 'SIGKILL', times: KILLS, absenceMs: ABSENCE_MS });
  return await stage.count(({ guarantees }) => [{ cause: reasonOf(guarantees), atMost: KILLS * 500 }]);
}

const lostInHand = ({ keepsUnread }: Guarantees): string =>
  keepsUnread ? 'popped, then crashed' : 'sent to it, then crashed';

export const subscriberCrashes: Experiment = {
  ...crashes,
  name: 'subscriber-crashes',
  question: 'A subscriber crashes in the middle of its work, several times: what is lost, what comes twice?',
  withPeers: true,
  run: (stage) => crash(stage, lostInHand),
  claims: (guarantees, measured) => [nothingLostInHand, nothingTwice].map((expect) => expect(guarantees, measured)),
};

/** What is delivered at least once, with an effect that happens once. */
export const subscriberCrashesOnce: Experiment = {
  ...crashes,
  name: 'subscriber-crashes-once',
  question: 'The same crashes, where Redis remembers what was handled (DEDUPE_TTL): is anything handled twice?',
  env: { DEDUPE_TTL: DEDUPE_SECONDS },

  run: (stage) =>
    crash(stage, (guarantees) =>
      guarantees.delivery === 'at-least-once'
        ? 'handled and marked, then crashed before it was logged'
        : lostInHand(guarantees),
    ),

  headline: ({ duplicated }) => (duplicated === 0 ? 'none twice' : `${formatNumber(duplicated)} twice`),
  claims: (guarantees, measured) => [handledOnce(guarantees, measured)],
};
