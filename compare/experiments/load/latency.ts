import { milliseconds } from '@redis-messaging/shared/text/table';
import { measureByStats } from '../../measure/measure.ts';
import { distributionOf, percentilesOf } from '../../measure/percentiles.ts';
import type { Subject } from '../../peers/subject.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { inOrder, nothingLost, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { forEach } from '../findings.ts';

/** The first messages are left out: this many, but no more than this part of all. */
const WARM_UP = 50;
const WARM_UP_PART = 0.1;
/** The name of the figure that says at which rate the latency was measured. */
export const PACE = 'pace (messages/s)';

export const latency: Experiment = {
  name: 'latency',
  question: 'How long does a message take at a fixed rate?',
  steps: [
    'messages are published at the given rate, one pattern after the other',
    'latency counts from when a message was due, not from when it was sent; the first ones are left out',
  ],
  seconds: 20,
  onlyMeasures: true,
  withPeers: true,

  async run(testbed) {
    const { load, services, waits } = testbed;
    return await forEach(testbed, async (pattern) => {
      const env = { PATTERN: pattern.name };
      const subscriber = await services.subscriber(pattern.name, env);
      const publisher = await services.publisher({ env });
      await waits.ended(publisher);
      await waits.received(pattern, subscriber, load.messages);
      await subscriber.stop();
      return {
        ...measureByStats({ name: pattern.name, publishers: [publisher], made: load.messages, subscriber }),
        ...timesOf(testbed, pattern),
      };
    });
  },

  headline: ({ latencyMs }) =>
    `p50 ${milliseconds(latencyMs?.p50 ?? null)}, p99 ${milliseconds(latencyMs?.p99 ?? null)}`,

  claims: (guarantees, measured) => [nothingLost, nothingTwice, inOrder].map((expect) => expect(guarantees, measured)),
};

/** The time from due to received, and its first part: until Redis answered the publisher. */
function timesOf({ load, services }: Testbed, { name }: Subject) {
  const received = new Map(services.receivedBy(name, name).map((line) => [line.id, line.latencyMs as number]));
  const published = services.published(name).slice(Math.min(WARM_UP, WARM_UP_PART * load.messages));
  const publish = percentilesOf(published.map((line) => line.lateMs + line.publishMs));
  const delivery = published.flatMap(({ id, lateMs }) => (received.has(id) ? [lateMs + received.get(id)] : []));
  return {
    latencyMs: percentilesOf(delivery),
    latencyAt: distributionOf(delivery),
    throughput: null,
    figures: {
      [PACE]: load.rate,
      'publish p50 (ms)': publish?.p50 ?? null,
      'publish p99 (ms)': publish?.p99 ?? null,
    },
  };
}
