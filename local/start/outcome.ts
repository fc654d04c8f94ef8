import {
  closingTable,
  type PublisherStats,
  type StatsByPattern,
  type SubscriberStats,
} from '@redis-messaging/shared/accounting/stats';

type Published = StatsByPattern<PublisherStats>;
type Received = StatsByPattern<SubscriberStats>;

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

/** Both sides of the run in one table; `undefined` if a side did not report. */
export function finalTable(publisher?: StatsByPattern, subscriber?: StatsByPattern): string | undefined {
  if (!publisher || !subscriber || Object.keys(publisher).length === 0) return undefined;
  const table = closingTable(publisher as Published, subscriber as Received);
  return `What was made, and what became of it:\n${table}`;
}

/** Messages that are missing, and nobody knows why, by all patterns: a fault. */
export function unexplainedIn(subscriber: StatsByPattern = {}): number {
  return Object.values(subscriber as Received).reduce((sum, { unexplained }) => sum + Math.abs(unexplained), 0);
}
