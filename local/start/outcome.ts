import type { PublisherStats, StatsByPattern, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { formatNumber, milliseconds, renderTable } from '@redis-messaging/shared/text/table';

type Published = StatsByPattern<PublisherStats>;
type Received = StatsByPattern<SubscriberStats>;

/** Whether a subscriber has received what the publisher sent, by every pattern, and nothing waits. */
export function hasEverythingArrived(publisher: StatsByPattern, subscriber: StatsByPattern): boolean {
  const received = subscriber as Received;
  const has = ([pattern, sent]: [string, PublisherStats]) =>
    (received[pattern]?.received ?? 0) >= sent.published + sent.unconfirmed;
  return isBacklogEmpty(subscriber) && Object.entries(publisher as Published).every(has);
}

/** Whether nothing waits in Redis. */
export function isBacklogEmpty(subscriber: StatsByPattern): boolean {
  return Object.values(subscriber).every(({ backlog }) => backlog === 0);
}

/** How many messages a subscriber has received, by all patterns. */
export function receivedInAll(subscriber: StatsByPattern): number {
  return Object.values(subscriber as Received).reduce((sum, stats) => sum + stats.received, 0);
}

/** Both sides of the run in one table; `undefined` if a side did not report. */
export function finalTable(publisher?: StatsByPattern, subscriber?: StatsByPattern): string | undefined {
  if (!publisher || !subscriber) return undefined;
  const rows = Object.entries(publisher as Published).flatMap(([pattern, sent]) => {
    const got = (subscriber as Received)[pattern];
    return got ? [rowOf(pattern, sent, got)] : [];
  });
  if (rows.length === 0) return undefined;
  const header = [
    'pattern',
    'published',
    'received',
    'not received',
    'duplicated',
    'out of order',
    'latency p50',
    'p99',
  ];
  return `What was published, and what arrived:\n${renderTable(header, rows)}`;
}

function rowOf(pattern: string, sent: PublisherStats, got: SubscriberStats): string[] {
  // More than was published here: others publish too, and what of ours is missing cannot be told.
  const missing = got.received > sent.published ? null : sent.published - got.received;
  const counts = [sent.published, got.received, missing, got.duplicated, got.reordered];
  return [pattern, ...counts.map(formatNumber), milliseconds(got.latencyMs.p50), milliseconds(got.latencyMs.p99)];
}
