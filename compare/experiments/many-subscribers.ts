import { type Experiment, withFigures } from '../runner/experiment.ts';
import type { Stage } from '../runner/stage.ts';
import { nothingLost, nothingTwice } from '../verdict/claims.ts';

const WORK_SECONDS = 0.001;
const SMALLEST = 'smallest share (%)';
const LARGEST = 'largest share (%)';

/** Several subscribers at the same time: who gets what, and how even. */
export const manySubscribers = (count: number): Experiment => ({
  name: `${count}-subscribers`,
  question: `${count} subscribers at the same time: who gets what, and how even is it?`,
  steps: [`${count} subscribers start`, 'messages are published at the given rate'],
  seconds: 3 + count,

  async run(stage) {
    const roles = Array.from({ length: count }, (_, index) => `S${index + 1}`);
    await Promise.all(roles.map((role) => stage.subscriber(role, { WORK_TIME: WORK_SECONDS })));
    await stage.publisher();
    await stage.settle();
    return withFigures(await stage.count(), (name) => sharesOf(stage, roles, name));
  },

  headline: ({ figures }) => `${figures[SMALLEST]} to ${figures[LARGEST]} % each`,

  claims: (guarantees, measured) => [
    nothingLost(guarantees, measured),
    nothingTwice(guarantees, measured),
    {
      text: guarantees.audience === 'every-subscriber' ? 'every subscriber gets a copy' : 'one of them gets it',
      promised: true,
      holds: measured.audiences === (guarantees.audience === 'every-subscriber' ? count : 1) && measured.received > 0,
    },
  ],
});

/** The smallest and the largest share of a subscriber, in percent of what was accepted. */
function sharesOf(stage: Stage, roles: readonly string[], name: string) {
  const counts = roles.map((role) => stage.linesOf(role, 'received', name).length);
  const percent = (part: number) => Math.round((100 * part) / Math.max(1, stage.load.messages));
  return { [SMALLEST]: percent(Math.min(...counts)), [LARGEST]: percent(Math.max(...counts)) };
}
