import type { Experiment } from '../runner/experiment.ts';
import { inOrder, nothingLostUnread, nothingTwice } from '../verdict/claims.ts';

export const nobodyListens: Experiment = {
  name: 'nobody-listens',
  question: 'Nobody is listening when messages are published: who gets them later?',
  steps: ['messages are published while there is no subscriber', 'a subscriber starts'],
  seconds: 4,
  withPeers: true,

  async run(stage) {
    const publisher = await stage.publisher({ rate: 0 });
    await stage.ended(publisher);
    stage.fault('a subscriber starts after the last message');
    await stage.subscriber();
    await stage.settle();
    return await stage.count();
  },

  claims: (guarantees, measured) =>
    [nothingLostUnread, nothingTwice, inOrder].map((expect) => expect(guarantees, measured)),
};
