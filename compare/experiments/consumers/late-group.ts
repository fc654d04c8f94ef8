import { formatNumber } from '@redis-messaging/shared/text/table';
import type { PossibleCause } from '../../account/causes.ts';
import { publishedBefore } from '../../account/further-causes.ts';
import type { Experiment } from '../experiment.ts';
import { withFigures } from '../findings.ts';

const LATE_NAME = 'B';
export const LATE = 'received by the late group';

/** What a late group misses: what was published before it was there. @param readyAt ms since 1970 */
export const lostToLateGroup = (readyAt: number): PossibleCause[] => [
  publishedBefore('published before the late group joined', LATE_NAME, readyAt),
];

export const lateGroup: Experiment = {
  name: 'late-group',
  question: 'Can a consumer group that joins late read earlier messages?',
  steps: [
    'messages are published at the given rate, and a subscriber handles all of them',
    'a subscriber of another group starts',
  ],
  seconds: 6,

  async run({ patterns, load, services, faults, waits, evidence }) {
    await services.subscriber('A', { GROUP: 'first' });
    await services.publisher();
    await waits.settled();
    faults.event('a subscriber of another group starts');
    const late = await services.subscriber(LATE_NAME, { GROUP: 'late' });
    const readyAt = Date.now();
    await Promise.all(patterns.map((pattern) => waits.received(pattern, late, load.messages)));
    const findings = await evidence.reconcile({ causesOf: () => lostToLateGroup(readyAt) });
    return withFigures(findings, (pattern) => ({ [LATE]: services.receivedBy(LATE_NAME, pattern).length }));
  },

  headline: ({ figures }) => `the late group read ${formatNumber(figures[LATE] as number)}`,

  claims: ({ replays }, { figures, accepted }) => [
    { text: 'a late group gets what others have handled', promised: replays, holds: figures[LATE] === accepted },
  ],
};
