import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { formatNumber } from '@redis-messaging/shared/text/table';
import { receiveAll, startService } from './bench-process.ts';
import type { Measurement } from './measurement.ts';

const SMALL_BACKLOG = 10_000;

/**
 * What a message costs a subscriber that starts with a backlog: the same, however many wait. (A subscriber that has just
 * started is slower for some ten thousand messages, until Node has compiled its code.)
 */
export const drain: Measurement = {
  columns: ['pattern', 'waiting', 'messages/s', 'µs per message', 'peak memory'],
  usualMessages: 1_000_000,
  async rowsOf(pattern, port, messages) {
    const rows: string[][] = [];
    if (!pattern.guarantees.keepsUnread) return rows;
    for (const backlog of [SMALL_BACKLOG, messages]) rows.push(await drained(pattern, port, backlog));
    return rows;
  },
};

async function drained(pattern: Pattern, port: number, backlog: number): Promise<string[]> {
  const publisher = startService('publisher', pattern, port, { MESSAGE_COUNT: backlog, PUBLISH_INTERVAL: 0 });
  await publisher.exited;
  const subscriber = startService('subscriber', pattern, port);
  const { received, firstAt, lastAt } = await receiveAll(subscriber, pattern, backlog);
  const seconds = (Date.parse(lastAt) - Date.parse(firstAt)) / 1000;
  const memory = subscriber.peakMemory;
  return [
    pattern.name,
    formatNumber(backlog),
    formatNumber(received / seconds),
    ((seconds * 1e6) / received).toFixed(1),
    memory === undefined ? '-' : `${formatNumber(memory)} MB`,
  ];
}
