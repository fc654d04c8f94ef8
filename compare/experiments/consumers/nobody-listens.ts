import { inOrder, nothingLostUnread, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';

export const nobodyListens: Experiment = {
  name: 'nobody-listens',
  question: 'Nobody is listening when messages are published: are they delivered later?',
  steps: ['messages are published while there is no subscriber', 'a subscriber starts'],
  seconds: 4,
  withPeers: true,

  async run({ services, faults, waits, evidence }) {
    const publisher = await services.publisher({ rate: 0 });
    await waits.ended(publisher);
    faults.event('a subscriber starts after the last message');
    await services.subscriber();
    await waits.settled();
    return await evidence.reconcile();
  },

  claims: (guarantees, measured) =>
    [nothingLostUnread, nothingTwice, inOrder].map((expect) => expect(guarantees, measured)),
};
