import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { PossibleCause } from '../../account/causes.ts';
import { type Outage, pushedDuring } from '../../account/outages.ts';
import { inOrder, nothingLostAtStop, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { publishDuringRestarts } from './restarts.ts';

const STOPS = 3;

/** What orderly stops may cost: what is pushed to a subscriber that no longer listens. */
export const lostAtStops = ({ keepsUnread }: Guarantees, ends: readonly Outage[]): PossibleCause[] =>
  keepsUnread ? [] : [pushedDuring('in flight when it stopped', ends)];

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
    const ends = await publishDuringRestarts(testbed, { signal: 'SIGTERM', times: STOPS, absenceMs: 0 });
    return await testbed.evidence.reconcile({ causesOf: ({ guarantees }) => lostAtStops(guarantees, ends) });
  },

  claims: (guarantees, measured) =>
    [nothingLostAtStop, nothingTwice, inOrder].map((expect) => expect(guarantees, measured)),
};
