import {
  closingTable,
  type PublisherStats,
  type StatsByPattern,
  type SubscriberStats,
  statsTable,
} from '@redis-messaging/shared/accounting/stats';

type Published = StatsByPattern<PublisherStats>;
type Received = StatsByPattern<SubscriberStats>;

/** What the latencies of several patterns do not say. */
const SHARED =
  '  Patterns that share their processes disturb each other; what that costs: docs/benchmarks.md#side-by-side';

/** Whether the audience has handled what the publisher sent, by every pattern, and nothing waits. */
export function hasEverythingArrived(publisher: StatsByPattern, subscriber: StatsByPattern): boolean {
  const received = subscriber as Received;
  const has = ([pattern, sent]: [string, PublisherStats]) =>
    (received[pattern]?.handled ?? 0) >= sent.accepted + sent.unconfirmed;
  return isBacklogEmpty(subscriber) && Object.entries(publisher as Published).every(has);
}

/** Whether nothing waits in Redis. */
export function isBacklogEmpty(subscriber: StatsByPattern): boolean {
  return Object.values(subscriber).every(({ waiting }) => waiting === 0);
}

/** How many messages the audience has handled, by all patterns. */
export function handledInAll(subscriber: StatsByPattern): number {
  return Object.values(subscriber as Received).reduce((sum, stats) => sum + stats.handled, 0);
}

/** Both sides of the run in one table, or what there is; `undefined` if nobody reported. */
export function finalTable(publisher: StatsByPattern = {}, subscriber: StatsByPattern = {}): string | undefined {
  const has = (side: StatsByPattern) => Object.keys(side).length > 0;
  if (has(subscriber)) {
    const table = closingTable(publisher as Published, subscriber as Received);
    const footnote = Object.keys(subscriber).length > 1 ? `\n${SHARED}` : '';
    return `What was made, and what became of it:\n${table}${footnote}`;
  }
  return has(publisher) ? `What was made:\n${statsTable(publisher)}` : undefined;
}

/** Messages that are missing, and nobody knows why, by all patterns: a fault. */
export function unexplainedIn(subscriber: StatsByPattern = {}): number {
  return Object.values(subscriber as Received).reduce((sum, { unexplained }) => sum + Math.abs(unexplained), 0);
}
