import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Environment } from '../local/process/environment.ts';
import { receiveAll, startScript, startService } from './bench-process.ts';
import type { Measurement } from './measurement.ts';
import { naiveClients } from './naive/clients.ts';
import { redisBenchmark } from './redis-benchmark.ts';

/** The key that redis-benchmark fills. */
const BENCHMARK_KEY = 'bench';

/**
 * Messages per second from the first one made to the last one received, as fast as possible, with everything that belongs
 * to it: made, sent, received, decoded, accounted, acknowledged. Next to it, in the same run:
 *
 * - the reference, what a beginner writes (naive/naive.ts): the same work on the same messages with the client's and Node's
 *   defaults. Neither side writes a line per message. Ratios do not depend on the machine's speed.
 * - `redis-benchmark -P 256` with the same command and size of payload, if it is installed: what Redis itself accepts from a
 *   client in C that makes nothing, with no subscriber. Ours as a share of it.
 */
export const throughput: Measurement = {
  columns: ['pattern', 'messages/s', 'reference', 'ratio', 'redis-benchmark', 'share'],
  usualMessages: 200_000,
  async rowsOf(pattern, port, messages) {
    const ours = await runOurs(pattern, port, messages);
    const share = naiveClients[pattern.name]?.share;
    const reference = share ? await runReference(pattern, port, Math.ceil(messages * share)) : undefined;
    const command = pattern.benchmark?.(BENCHMARK_KEY);
    const payload = encode(makeMessage('typescript-publisher', messages));
    const limit = command && (await redisBenchmark(port, messages, [...command, payload], BENCHMARK_KEY));
    return [
      [
        pattern.name,
        formatNumber(ours),
        formatNumber(reference ?? null),
        reference ? `${(ours / reference).toFixed(1)} x` : '-',
        formatNumber(limit ?? null),
        limit ? `${Math.round((100 * ours) / limit)} %` : '-',
      ],
    ];
  },
};

/** Messages per second of the services, from the first one made to the last one received. @param env of both */
export async function runOurs(
  pattern: Pattern,
  port: number,
  messages: number,
  env: Environment = {},
): Promise<number> {
  const subscriber = startService('subscriber', pattern, port, env);
  await subscriber.report('ready');
  const publisher = startService('publisher', pattern, port, { ...env, MESSAGE_COUNT: messages, PUBLISH_INTERVAL: 0 });
  await publisher.report('stopped');
  const { received, lastAt } = await receiveAll(subscriber, pattern, messages);
  return (received / (Date.parse(lastAt) - Date.parse(publisher.stats(pattern).firstAt))) * 1000;
}

async function runReference({ name }: Pattern, port: number, count: number): Promise<number> {
  const subscriber = startScript('naive/naive.ts', ['subscribe', name, String(count)], port);
  await subscriber.report('ready');
  const publisher = startScript('naive/naive.ts', ['publish', name, String(count)], port);
  const [{ beganAt }, { endedAt }] = await Promise.all([publisher.report('done'), subscriber.report('done')]);
  return (count / (endedAt - beganAt)) * 1000;
}
