import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Experiment } from '../experiment.ts';
import { withFigures } from '../findings.ts';

const LATE = 'received by the late group';

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
    faults.record('a subscriber of another group starts');
    const late = await services.subscriber('B', { GROUP: 'late' });
    await Promise.all(patterns.map((pattern) => waits.received(pattern, late, load.messages)));
    const findings = await evidence.reconcile(() => [{ cause: 'published before the late group joined' }]);
    return withFigures(findings, (pattern) => ({ [LATE]: services.receivedBy('B', pattern).length }));
  },

  headline: ({ figures }) => `the late group read ${formatNumber(figures[LATE] as number)}`,

  claims: ({ replays }, { figures, accepted }) => [
    { text: 'a late group gets what others have handled', promised: replays, holds: figures[LATE] === accepted },
  ],
};
