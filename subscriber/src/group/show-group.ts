import {
  type GroupStats,
  type StatsByPattern,
  type SubscriberStats,
  statsTable,
} from '@redis-messaging/shared/accounting/stats';
import type { Config } from '@redis-messaging/shared/service/config';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatNumber } from '@redis-messaging/shared/text/table';
import type { PatternSubscriber } from '../pattern-subscriber.ts';

/**
 * How a subscriber shows its stats: as one table of its whole group, in the log of one of the group; the others say what they have
 * handled, and who shows the table.
 */
export async function showGroup(
  { CONSUMER, STATS_HINT }: Config,
  subscribers: readonly PatternSubscriber[],
  patterns: StatsByPattern,
  isFinal = false,
): Promise<string> {
  const table: Record<string, GroupStats> = {};
  const handled: string[] = [];
  const elsewhere = new Set<string>();
  for (const subscriber of subscribers) {
    const { name } = subscriber.pattern;
    const own = patterns[name] as SubscriberStats;
    const { shownBy, stats } = await subscriber.ofGroup(own);
    if (shownBy === CONSUMER) table[name] = stats;
    else {
      handled.push(`${formatNumber(own.received)} by ${name}`);
      elsewhere.add(sanitize(shownBy, 60));
    }
  }
  const where = isFinal
    ? 'whoever stops last shows the table'
    : `the table is in the log of ${[...elsewhere].join(', ')}`;
  const share = handled.length > 0 ? `: handled ${handled.join(', ')}; ${where}` : '';
  if (Object.keys(table).length === 0) return share;
  const hint = STATS_HINT && !isFinal ? `\n  ${STATS_HINT}` : '';
  return `${share}\n${statsTable(table)}${hint}`;
}
