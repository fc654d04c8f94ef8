import { nothingLostInHand, nothingTwice } from '../claims.ts';
import type { Experiment } from '../experiment.ts';
import { publishToLives } from '../lives.ts';

const KILLS = 3;
/** Long enough that Pub/Sub shows what an absence costs: ms. */
const ABSENCE_MS = 150;

export const subscriberCrashes: Experiment = {
  name: 'subscriber-crashes',
  question: 'A subscriber crashes in the middle of its work, several times: what is lost, what comes twice?',
  steps: [
    'messages are published at the given rate',
    `the subscriber is killed (SIGKILL) ${KILLS} times, at moments from the seed, and starts again each time`,
  ],
  seconds: 9,
  withPeers: true,

  async run(stage) {
    await publishToLives(stage, { signal: 'SIGKILL', times: KILLS, absenceMs: ABSENCE_MS });
    return await stage.count(({ guarantees }) => [
      { cause: guarantees.keepsUnread ? 'popped, then crashed' : 'sent to it, then crashed', atMost: KILLS * 500 },
    ]);
  },

  claims: (guarantees, measured) => [nothingLostInHand, nothingTwice].map((expect) => expect(guarantees, measured)),
};
