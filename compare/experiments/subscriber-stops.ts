import type { Experiment } from '../runner/experiment.ts';
import { publishToLives } from '../runner/restarts.ts';
import { inOrder, nothingTwice } from '../verdict/claims.ts';

const STOPS = 3;

export const subscriberStops: Experiment = {
  name: 'subscriber-stops',
  question: 'A subscriber is stopped properly, several times, while another life takes over: what does that cost?',
  steps: [
    'messages are published at the given rate',
    `the subscriber gets SIGTERM ${STOPS} times, at moments from the seed; the next life starts when it has ended`,
  ],
  seconds: 8,
  withPeers: true,

  async run(stage) {
    await publishToLives(stage, { signal: 'SIGTERM', times: STOPS, absenceMs: 0 });
    // What is on its way to a subscriber that stops is lost by Pub/Sub: as much as comes in that moment.
    return await stage.count(({ guarantees }) => [
      { cause: 'in hand when it stopped', atMost: guarantees.keepsUnread ? STOPS : STOPS * stage.load.rate },
    ]);
  },

  claims: (guarantees, measured) => [
    {
      text: 'an orderly stop loses nothing',
      promised: guarantees.keepsUnread,
      holds: measured.lost === 0,
    },
    nothingTwice(guarantees, measured),
    inOrder(guarantees, measured),
  ],
};
