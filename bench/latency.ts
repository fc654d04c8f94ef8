import { formatDuration } from '@redis-messaging/shared/text/table';
import { receiveAll, startScript, startService } from './bench-process.ts';
import type { Measurement } from './measurement.ts';

const RATE = 1000;

/**
 * Latency from making a message to receiving it, at a rate that overloads nothing. Next to it, from a process of its own at the
 * same time and rate, the round trip of a bare PING: the cost of client, socket, scheduler and Redis without any pattern. Both
 * send what is due without waiting for replies, so that a pause of the machine counts for every message that it delays.
 */
export const latency: Measurement = {
  columns: ['pattern', 'p50', 'p99', 'PING p50', 'p99'],
  usualMessages: 10_000,
  async rowsOf(pattern, port, messages) {
    const subscriber = startService('subscriber', pattern, port);
    await subscriber.report('ready');
    const pinger = startScript('ping.ts', [String(messages), String(1000 / RATE)], port);
    await pinger.report('ready');
    const publisher = startService('publisher', pattern, port, {
      MESSAGE_COUNT: messages,
      PUBLISH_INTERVAL: 1 / RATE,
    });
    await publisher.report('stopped');
    const { latencyMs } = await receiveAll(subscriber, pattern, messages);
    const ping = await pinger.report('done');
    const times = [latencyMs.p50, latencyMs.p99, ping.latencyMs.p50, ping.latencyMs.p99];
    return [[pattern.name, ...times.map(formatDuration)]];
  },
};
