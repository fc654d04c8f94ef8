import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { sum } from '../../account/sum.ts';
import type { Services } from '../../testbed/services.ts';
import { keptUp, nothingLost, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { withFigures } from '../findings.ts';

const WORK_SECONDS = 0.001;
export const COMPLETE = 'groups that got every message';
export const TIMES = 'times a group got a message';

/** Several consumer groups, each with several workers: does each group get every message, once? */
export const consumerGroups = (groups: number, workers: number): Experiment => ({
  name: `${groups}x${workers}-consumers`,
  question: `${groups} consumer groups${workers > 1 ? ` with ${workers} workers each` : ''}: does each group get every message, once?`,
  steps: [
    `${groups} groups of ${workers} subscribers start`,
    'messages are published at the given rate',
    'where a pattern has no groups, they are just subscribers',
  ],
  seconds: 4 + groups * workers,

  async run({ services, waits, evidence }) {
    const members = numbered(groups, (group) => numbered(workers, (worker) => `G${group}W${worker}`));
    const start = (name: string, group: number) =>
      services.subscriber(name, { GROUP: `group-${group + 1}`, WORK_TIME: WORK_SECONDS });
    await Promise.all(members.flatMap((names, group) => names.map((name) => start(name, group))));
    await services.publisher();
    await waits.settled();
    return withFigures(await evidence.reconcile(), (pattern) => completenessOf(services, members, pattern));
  },

  headline({ figures }) {
    const times = Number(figures[TIMES]);
    return `${figures[COMPLETE]} of ${groups} groups got everything${times > 1 ? `, ${times} times` : ''}`;
  },

  claims: (guarantees, measured) => [
    {
      text: 'each consumer group gets every message, and its workers share them',
      promised: promises(guarantees, groups, workers) && keptUp(guarantees, measured),
      holds: measured.figures[COMPLETE] === groups && measured.figures[TIMES] === 1,
    },
    nothingLost(guarantees, measured),
    nothingTwice(guarantees, measured),
  ],
});

const promises = ({ audience, groups: hasGroups }: Guarantees, groups: number, workers: number): boolean =>
  hasGroups || ((groups === 1 || audience === 'every-subscriber') && (workers === 1 || audience === 'one-subscriber'));

/** How many groups got every message, and how often, on average, a group got a message that it got. */
function completenessOf(services: Services, groups: readonly (readonly string[])[], pattern: string) {
  const ids = groups.map((names) => names.flatMap((name) => services.receivedBy(name, pattern).map(({ id }) => id)));
  const different = ids.map((some) => new Set(some).size);
  const published = services.published(pattern).length;
  const times = ids.flat().length / Math.max(1, sum(different));
  return {
    [COMPLETE]: different.filter((count) => count === published).length,
    [TIMES]: Number(times.toFixed(2)),
  };
}

function numbered<Item>(count: number, make: (number: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}
