import { formatDuration } from '@redis-messaging/shared/text/table';
import type { ServiceProcess } from '../../../testkit/service-process.ts';
import { measureByStats } from '../../measure/measure.ts';
import { distributionOf, percentilesOf } from '../../measure/percentiles.ts';
import type { Measured } from '../../measure/result.ts';
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
/** Once more at a higher rate (messages per second), for about this many seconds, where the given one is lower. */
const FAST = 5000;
const FAST_SECONDS = 1;
/** But no more than this many times the messages at the given rate. */
const FAST_PART = 5;
/** The names of the figures of it. */
export const FAST_PACE = 'higher pace (messages/s)';
export const FAST_P99 = 'latency p99 at the higher pace (ms)';

export const latency: Experiment = {
  name: 'latency',
  question: 'How long does a message take at a fixed rate?',
  steps: [
    'messages are published at the given rate, one pattern after the other',
    'latency counts from when a message was due, not from when it was sent; the first ones are left out',
    `then ${FAST_SECONDS} s at ${FAST} messages per second, where the given rate is lower`,
  ],
  seconds: 26,
  onlyMeasures: true,
  withPeers: true,

  async run(testbed) {
    return await forEach(testbed, (pattern) => measure(testbed, pattern));
  },

  headline: ({ latencyMs }) =>
    `p50 ${formatDuration(latencyMs?.p50 ?? null)}, p99 ${formatDuration(latencyMs?.p99 ?? null)}`,

  claims: (guarantees, measured) => [nothingLost, nothingTwice, inOrder].map((expect) => expect(guarantees, measured)),
};

async function measure(testbed: Testbed, pattern: Subject): Promise<Measured> {
  const { load, services, waits } = testbed;
  const { name } = pattern;
  const env = { PATTERN: name };
  const subscriber = await services.subscriber(name, env);
  const publishers = [await services.publisher({ env })];
  await waits.ended(publishers[0] as ServiceProcess);
  await waits.received(pattern, subscriber, load.messages);
  const times = timesOf(testbed, pattern);
  const before = services.receivedBy(name, name).length;
  if (load.rate < FAST) {
    const messages = Math.min(FAST * FAST_SECONDS, FAST_PART * load.messages);
    const faster = { rate: FAST, messages, env: { ...env, LOG_LEVEL: 'warn', SENDER: 'faster' } };
    publishers.push(await services.publisher(faster));
    await waits.ended(publishers[1] as ServiceProcess);
    await waits.received(pattern, subscriber, load.messages + messages);
  }
  await subscriber.stop();
  const measured = measureByStats({ name, publishers, made: services.told(publishers), subscriber });
  const fast = services
    .receivedBy(name, name)
    .slice(before)
    .map((line) => line.latencyMs as number);
  const fastP99 = percentilesOf(fast.slice(WARM_UP_PART * fast.length))?.p99;
  const figures: Measured['figures'] = fastP99 === undefined ? {} : { [FAST_PACE]: FAST, [FAST_P99]: fastP99 };
  return { ...measured, ...times, figures: { ...times.figures, ...figures } };
}

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
