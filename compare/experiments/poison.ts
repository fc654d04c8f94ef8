import type { Experiment } from '../runner/experiment.ts';
import { inOrder, nothingLost, nothingTwice } from '../verdict/claims.ts';

/** Payloads that nobody can read. */
const POISON = ['', '{"id":', '[1,2,3]', '{"id":"not a UUID"}', '\u0000'];

export const poison: Experiment = {
  name: 'poison',
  question: 'Some payloads are not messages: do they stop the others, and what becomes of them?',
  steps: [
    'messages are published at the given rate',
    `${POISON.length} payloads that are not messages come in between`,
  ],
  seconds: 5,

  async run(stage) {
    await stage.subscriber();
    await stage.publisher();
    await stage.sleep(stage.moments(1, 0.2, 0.8)[0] as number);
    stage.fault(`${POISON.length} poisoned payloads`);
    for (const pattern of stage.patterns) await pattern.publish?.(stage.redis.admin, stage.topic(pattern), POISON);
    await stage.settle();
    await stage.buried(POISON.length);
    return await stage.count(undefined, POISON.length);
  },

  claims: (guarantees, measured) => [
    { ...nothingLost(guarantees, measured), text: 'all others arrive' },
    {
      text: 'the poisoned ones are kept, with the reason',
      promised: guarantees.keepsUnread,
      holds: measured.deadLettered === POISON.length,
    },
    nothingTwice(guarantees, measured),
    inOrder(guarantees, measured),
  ],
};
