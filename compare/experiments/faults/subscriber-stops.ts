import { inOrder, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { publishDuringRestarts } from './restarts.ts';

const STOPS = 3;

export const subscriberStops: Experiment = {
  name: 'subscriber-stops',
  question: 'A subscriber is shut down several times, and another instance takes over: what does that cost?',
  steps: [
    'messages are published at the given rate',
    `the subscriber gets SIGTERM ${STOPS} times, at moments from the seed; the next instance starts when it has ended`,
  ],
  seconds: 8,
  withPeers: true,

  async run(testbed) {
    await publishDuringRestarts(testbed, { signal: 'SIGTERM', times: STOPS, absenceMs: 0 });
    // What is on its way to a subscriber that stops is lost by Pub/Sub: as much as is published in that moment.
    return await testbed.evidence.reconcile(({ guarantees }) => [
      { cause: 'in flight when it stopped', atMost: guarantees.keepsUnread ? STOPS : STOPS * testbed.load.rate },
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
