import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { formatDuration } from '@redis-messaging/shared/text/table';
import { receiveAll, startService } from './bench-process.ts';
import type { Measurement } from './measurement.ts';

const RATE = 100;

/** The latencies of a pattern until received: ms. */
interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/**
 * What patterns cost each other that share a publisher and a subscriber, as in the demo: latency from making a message to receiving it,
 * of each pattern alone and of all at the same time, at a rate that overloads nothing.
 */
export const sharing: Measurement = {
  columns: ['pattern', 'alone p50', 'p99', 'together p50', 'p99'],
  usualMessages: 2000,
  isOfAllTogether: true,
  async rowsOf(patterns, port, messages) {
    const alone: Latency[] = [];
    for (const pattern of patterns) alone.push((await latenciesOf([pattern], port, messages))[0] as Latency);
    const together = await latenciesOf(patterns, port, messages);
    return patterns.map(({ name }, index) => {
      const [one, all] = [alone[index] as Latency, together[index] as Latency];
      return [name, ...[one.p50, one.p99, all.p50, all.p99].map(formatDuration)];
    });
  },
};

async function latenciesOf(patterns: readonly Pattern[], port: number, messages: number): Promise<Latency[]> {
  const [first] = patterns as [Pattern];
  const env = { PATTERN: patterns.map(({ name }) => name).join() };
  const subscriber = startService('subscriber', first, port, env);
  await subscriber.report('ready');
  const pace = { ...env, MESSAGE_COUNT: messages, PUBLISH_INTERVAL: 1 / RATE };
  await startService('publisher', first, port, pace).report('stopped');
  await receiveAll(subscriber, patterns.at(-1) as Pattern, messages);
  return patterns.map((pattern) => subscriber.stats(pattern).latencyMs);
}
