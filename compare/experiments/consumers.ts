import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { sum } from '../measure/sum.ts';
import { type Experiment, withFigures } from '../runner/experiment.ts';
import type { Stage } from '../runner/stage.ts';
import { keptUp, nothingLost, nothingTwice } from '../verdict/claims.ts';

const WORK_SECONDS = 0.001;
const COMPLETE = 'kinds that got everything';
const TIMES = 'times a kind got a message';

/** Several kinds of consumers, each with several workers: does each kind get every message, once? */
export const consumers = (kinds: number, workers: number): Experiment => ({
  name: `${kinds}x${workers}-consumers`,
  question: `${kinds} kinds of consumers${workers > 1 ? ` with ${workers} workers each` : ''}: does each kind get every message, once?`,
  steps: [
    `${kinds} groups of ${workers} subscribers start`,
    'messages are published at the given rate',
    'where a pattern has no groups, they are just subscribers',
  ],
  seconds: 4 + kinds * workers,

  async run(stage) {
    const teams = numbered(kinds, (kind) => numbered(workers, (worker) => ({ kind, role: `K${kind}W${worker}` })));
    const start = ({ kind, role }: { kind: number; role: string }) =>
      stage.subscriber(role, { GROUP: `kind-${kind}`, WORK_TIME: WORK_SECONDS });
    await Promise.all(teams.flat().map(start));
    await stage.publisher();
    await stage.settle();
    const roles = teams.map((team) => team.map(({ role }) => role));
    return withFigures(await stage.count(), (name) => figuresOf(stage, roles, name));
  },

  headline({ figures }) {
    const times = Number(figures[TIMES]);
    return `${figures[COMPLETE]} of ${kinds} kinds have all${times > 1 ? `, ${times} times` : ''}`;
  },

  claims: (guarantees, measured) => [
    {
      text: 'each kind of consumers gets every message, and its workers share them',
      promised: promises(guarantees, kinds, workers) && keptUp(guarantees, measured),
      holds: measured.figures[COMPLETE] === kinds && measured.figures[TIMES] === 1,
    },
    nothingLost(guarantees, measured),
    nothingTwice(guarantees, measured),
  ],
});

const promises = ({ audience, groups }: Guarantees, kinds: number, workers: number): boolean =>
  groups || ((kinds === 1 || audience === 'every-subscriber') && (workers === 1 || audience === 'one-subscriber'));

/** How many kinds have everything, and how often, on average, a kind got a message that it got. */
function figuresOf(stage: Stage, teams: readonly (readonly string[])[], name: string) {
  const ids = teams.map((team) => team.flatMap((role) => stage.linesOf(role, 'received', name).map(({ id }) => id)));
  const different = ids.map((some) => new Set(some).size);
  const published = stage.publishedLines(name).length;
  const times = ids.flat().length / Math.max(1, sum(different));
  return {
    [COMPLETE]: different.filter((count) => count === published).length,
    [TIMES]: Number(times.toFixed(2)),
  };
}

function numbered<Item>(count: number, make: (number: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}
