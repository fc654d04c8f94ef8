import { milliseconds } from '@redis-messaging/shared/text/table';
import { measureByFigures } from '../measure/measure.ts';
import { distributionOf, percentilesOf } from '../measure/percentiles.ts';
import { type Experiment, forEach, type Subject } from '../runner/experiment.ts';
import type { Stage } from '../runner/stage.ts';
import { inOrder, nothingLost, nothingTwice } from '../verdict/claims.ts';

/** The first so many are left out, but no more than this part of all. */
const WARM_UP = 50;
const WARM_UP_PART = 0.1;
/** What the figure of the rate is called at which the latency was measured. */
export const PACE = 'pace (messages/s)';

export const latency: Experiment = {
  name: 'latency',
  question: 'How long does a message take at a fixed pace?',
  steps: [
    'messages are published at the given rate, one pattern after the other',
    'latency counts from when a message was due, not from when it was sent; the first ones are left out',
  ],
  seconds: 20,
  withPeers: true,

  async run(stage) {
    return await forEach(stage.patterns, async (pattern) => {
      const env = { PATTERN: pattern.name };
      const subscriber = await stage.subscriber(pattern.name, env);
      const publisher = await stage.publisher({ env });
      await stage.ended(publisher);
      await stage.received(pattern, subscriber, stage.load.messages);
      await subscriber.stop();
      return {
        ...measureByFigures({ name: pattern.name, publisher, subscriber }),
        ...timesOf(stage, pattern),
      };
    });
  },

  headline: ({ latencyMs }) =>
    `p50 ${milliseconds(latencyMs?.p50 ?? null)}, p99 ${milliseconds(latencyMs?.p99 ?? null)}`,

  claims: (guarantees, measured) => [nothingLost, nothingTwice, inOrder].map((expect) => expect(guarantees, measured)),
};

/** From due to received in whole, and its two parts: until Redis answered the publisher, and until the subscriber had it. */
function timesOf(stage: Stage, { name }: Subject) {
  const received = new Map(stage.linesOf(name, 'received', name).map((line) => [line.id, line.latencyMs as number]));
  const published = stage.publishedLines(name).slice(Math.min(WARM_UP, WARM_UP_PART * stage.load.messages));
  const publish = percentilesOf(published.map((line) => line.lateMs + line.publishMs));
  const delivery = published.flatMap(({ id, lateMs }) => (received.has(id) ? [lateMs + received.get(id)] : []));
  return {
    latencyMs: percentilesOf(delivery),
    latencyAt: distributionOf(delivery),
    throughput: null,
    figures: {
      [PACE]: stage.load.rate,
      'publish p50 (ms)': publish?.p50 ?? null,
      'publish p99 (ms)': publish?.p99 ?? null,
    },
  };
}
