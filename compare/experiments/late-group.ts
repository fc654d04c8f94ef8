import { formatNumber } from '@redis-messaging/shared/text/table';
import { type Experiment, withFigures } from '../runner/experiment.ts';

const LATE = 'to the one that came later';

export const lateGroup: Experiment = {
  name: 'late-group',
  question: 'A consumer of another kind comes when everything has been handled: does it get the past?',
  steps: [
    'messages are published at the given rate, and a subscriber handles all of them',
    'a subscriber of another group starts',
  ],
  seconds: 6,

  async run(stage) {
    await stage.subscriber('A', { GROUP: 'first' });
    await stage.publisher();
    await stage.settle();
    stage.fault('a subscriber of another group starts');
    const late = await stage.subscriber('B', { GROUP: 'late' });
    await Promise.all(stage.patterns.map((pattern) => stage.received(pattern, late, stage.load.messages)));
    const findings = await stage.count(() => [{ cause: 'published before it came' }]);
    return withFigures(findings, (name) => ({ [LATE]: stage.linesOf('B', 'received', name).length }));
  },

  headline: ({ figures }) => `it got ${formatNumber(figures[LATE] as number)}`,

  claims: ({ replays }, { figures, accepted }) => [
    { text: 'who comes later gets what has been handled', promised: replays, holds: figures[LATE] === accepted },
  ],
};
