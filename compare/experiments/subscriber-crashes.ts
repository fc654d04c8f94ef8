import { nothingLostInHand, nothingTwice } from '../claims.ts';
import type { Experiment } from '../experiment.ts';

const KILLS = 3;
/** Long enough that Pub/Sub shows what an absence costs: ms. */
const ABSENCE_MS = 150;
const WORK_SECONDS = 0.0005;

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
    const env = { WORK_TIME: WORK_SECONDS };
    let subscriber = await stage.subscriber('A', env);
    await stage.publisher();
    const span = (1000 * stage.load.messages) / stage.load.rate;
    const pauses = stage.moments(KILLS, 0.1 * span, (0.8 * span) / KILLS);
    for (const pause of pauses) {
      await stage.sleep(pause);
      stage.fault(`SIGKILL after ${pause} ms`);
      await subscriber.stop('SIGKILL');
      await stage.sleep(ABSENCE_MS);
      subscriber = await stage.subscriber('A', env);
    }
    await stage.settle();
    return await stage.count(({ guarantees }) => [
      { cause: guarantees.keepsUnread ? 'popped, then crashed' : 'sent to it, then crashed', atMost: KILLS * 500 },
    ]);
  },

  claims: (guarantees, measured) => [nothingLostInHand, nothingTwice].map((expect) => expect(guarantees, measured)),
};
