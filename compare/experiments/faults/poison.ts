import { inOrder, nothingLost, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';

/** Payloads that no subscriber can decode. */
export const POISON = ['', '{"id":', '[1,2,3]', '{"id":"not a UUID"}', '\u0000'];

export const poison: Experiment = {
  name: 'poison',
  question: 'Some payloads are not valid messages: do they hold up the others, and where do they end up?',
  steps: [
    'messages are published at the given rate',
    `${POISON.length} payloads that are not valid messages are published in between`,
  ],
  seconds: 5,

  async run({ patterns, redis, topics, services, faults, waits, evidence }) {
    await services.subscriber();
    await services.publisher();
    await waits.sleep(faults.moments(1, 0.2, 0.8)[0] as number);
    faults.record(`${POISON.length} poisoned payloads`);
    for (const pattern of patterns) await pattern.publish?.(redis.admin, topics.nameOf(pattern), POISON);
    await waits.settled();
    await waits.deadLettered(POISON.length);
    return await evidence.reconcile({ foreignDeadLetters: POISON.length });
  },

  claims: (guarantees, measured) => [
    { ...nothingLost(guarantees, measured), text: 'all others arrive' },
    {
      text: 'the poisoned ones are dead-lettered, with the reason',
      promised: guarantees.keepsUnread,
      holds: measured.foreignDead === POISON.length,
    },
    nothingTwice(guarantees, measured),
    inOrder(guarantees, measured),
  ],
};
