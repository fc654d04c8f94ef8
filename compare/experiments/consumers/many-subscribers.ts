import { sum } from '../../account/sum.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { keptUp, nothingLost, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { withFigures } from '../findings.ts';

const WORK_SECONDS = 0.001;
const SMALLEST = 'smallest share (%)';
const LARGEST = 'largest share (%)';
export const COPIES = 'subscribers that got a message, on average';

/** Several subscribers at the same time: do they share the messages, and how evenly? */
export const manySubscribers = (count: number): Experiment => ({
  name: `${count}-subscribers`,
  question: `${count} subscribers at the same time: who gets which messages, and how evenly?`,
  steps: [`${count} subscribers start`, 'messages are published at the given rate'],
  seconds: 3 + count,

  async run(testbed) {
    const { services, waits, evidence } = testbed;
    const names = Array.from({ length: count }, (_, index) => `S${index + 1}`);
    await Promise.all(names.map((name) => services.subscriber(name, { WORK_TIME: WORK_SECONDS, RECLAIM_AFTER: 30 })));
    await services.publisher();
    await waits.settled();
    return withFigures(await evidence.reconcile(), (pattern) => sharesOf(testbed, names, pattern));
  },

  headline: ({ figures }) =>
    figures[SMALLEST] === figures[LARGEST]
      ? `${figures[SMALLEST]} % each`
      : `${figures[SMALLEST]} to ${figures[LARGEST]} % each`,

  claims: (guarantees, measured) => [
    nothingLost(guarantees, measured),
    nothingTwice(guarantees, measured),
    {
      text: guarantees.audience === 'every-subscriber' ? 'every subscriber gets a copy' : 'one of them gets it',
      promised: keptUp(guarantees, measured),
      holds: measured.figures[COPIES] === (guarantees.audience === 'every-subscriber' ? count : 1),
    },
  ],
});

/** The smallest and the largest share of a subscriber, in percent of the messages, and how many of them got each message. */
function sharesOf({ services, load }: Testbed, subscribers: readonly string[], pattern: string) {
  const counts = subscribers.map((subscriber) => services.receivedBy(subscriber, pattern).length);
  const percent = (part: number) => Math.round((100 * part) / Math.max(1, load.messages));
  const ids = subscribers.map((subscriber) => new Set(services.receivedBy(subscriber, pattern).map(({ id }) => id)));
  const different = new Set(ids.flatMap((some) => [...some])).size;
  return {
    [SMALLEST]: percent(Math.min(...counts)),
    [LARGEST]: percent(Math.max(...counts)),
    [COPIES]: Number((sum(ids.map(({ size }) => size)) / Math.max(1, different)).toFixed(3)),
  };
}
