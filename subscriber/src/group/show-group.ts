import { type GroupStats, type SubscriberStats, statsTable } from '@redis-messaging/shared/accounting/stats';
import type { Config } from '@redis-messaging/shared/service/config';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatNumber } from '@redis-messaging/shared/text/table';

/** What a subscriber knows of its group by one pattern. */
export interface ShownGroup {
  /** The pattern. */
  readonly name: string;
  /** The name of the subscriber that shows the table. */
  readonly shownBy: string;
  /** Whether there are others. */
  readonly isShared: boolean;
  readonly own: SubscriberStats;
  readonly stats: GroupStats;
}

/**
 * What a subscriber shows of its stats: one of the group shows one table of all; the others say what they have handled, and who
 * shows the table.
 * @param isFinal whether it has ended: then the last that ends shows the table, with all patterns
 */
export function showGroup(
  { CONSUMER, STATS_HINT }: Pick<Config, 'CONSUMER' | 'STATS_HINT'>,
  groups: readonly ShownGroup[],
  isFinal: boolean,
): string {
  const last = groups.findLast(({ isShared }) => isShared); // all come to their ends in the same order
  const shownBy = (group: ShownGroup) => (isFinal && last && group.isShared ? last : group).shownBy;
  const shown = groups.filter((group) => shownBy(group) === CONSUMER);
  const elsewhere = groups.filter((group) => !shown.includes(group));
  const handled = elsewhere.map(({ name, own }) => `${formatNumber(own.received)} by ${name}`);
  const names = new Set(elsewhere.map((group) => sanitize(shownBy(group), 60)));
  const where = isFinal ? 'the last to stop shows the table' : `the table is in the log of ${[...names].join(', ')}`;
  const share = handled.length > 0 ? `: handled ${handled.join(', ')}; ${where}` : '';
  if (shown.length === 0) return share;
  const table = statsTable(Object.fromEntries(shown.map(({ name, stats }) => [name, stats])));
  return `${share}\n${table}${STATS_HINT && !isFinal ? `\n  ${STATS_HINT}` : ''}`;
}
