import { milliseconds } from '@redis-messaging/shared/text/table';
import { receiveAll, startScript, startService } from './bench-process.ts';
import type { Measurement } from './measurement.ts';

const MESSAGES_A_SECOND = 1000;

/**
 * Latency from making a message to receiving it, at a pace that leaves everybody time. Next to it, from a process of its own at
 * the same time and pace, the round trip of a bare PING: what client, socket, scheduler and Redis cost without any pattern. Both
 * send what is due without waiting for answers, so that a pause of the machine counts for all that it delays.
 */
export const latency: Measurement = {
  columns: ['pattern', 'p50', 'p99', 'PING p50', 'p99'],
  usualMessages: 10_000,
  async rowsOf(pattern, port, messages) {
    const subscriber = startService('subscriber', pattern, port);
    await subscriber.says('ready');
    const pinger = startScript('ping.ts', [String(messages), String(1000 / MESSAGES_A_SECOND)], port);
    await pinger.says('ready');
    const publisher = startService('publisher', pattern, port, {
      MESSAGE_COUNT: messages,
      PUBLISH_INTERVAL: 1 / MESSAGES_A_SECOND,
    });
    await publisher.says('stopped');
    const { latencyMs } = await receiveAll(subscriber, pattern, messages);
    const ping = await pinger.says('done');
    const times = [latencyMs.p50, latencyMs.p99, ping.latencyMs.p50, ping.latencyMs.p99];
    return [[pattern.name, ...times.map(milliseconds)]];
  },
};
