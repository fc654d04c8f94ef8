import {
  type GroupStats,
  MEMBER_NUMBERS,
  type MemberStats,
  type SubscriberStats,
} from '@redis-messaging/shared/accounting/stats';

/** Of what a subscriber tells, what is the account of its audience; those who share have one account. */
const OF_AUDIENCE: readonly string[] = [
  'accepted',
  'handled',
  'dead',
  'lost',
  'elsewhere',
  'unexplained',
  'moving',
  'duplicated',
];

/**
 * The stats of all of a group.
 * @param own those of this subscriber
 * @param name its name
 * @param others what the others told, by name
 * @param isBroadcast whether each of them gets every message, and has an account of its own: then the accounts are added up
 */
export function groupStats(
  own: SubscriberStats,
  name: string,
  others: ReadonlyMap<string, MemberStats>,
  isBroadcast: boolean,
): GroupStats {
  if (others.size === 0) return own;
  const members = new Map([...others, [name, own] as const].sort(([one], [other]) => (one < other ? -1 : 1)));
  const added = MEMBER_NUMBERS.filter((key) => key !== 'received' && (isBroadcast || !OF_AUDIENCE.includes(key)));
  const sums = added.map((key) => [key, [...members.values()].reduce((sum, stats) => sum + (stats[key] ?? 0), 0)]);
  const each = <Value>(value: (stats: MemberStats) => Value) =>
    Object.fromEntries([...members].map(([member, stats]) => [member, value(stats)]));
  return {
    ...own,
    ...Object.fromEntries(sums),
    ...(isBroadcast && { copies: members.size, shares: each(({ handled }) => handled ?? 0) }),
    latencies: each(({ latencyMs, handledMs }) => ({ latencyMs, handledMs })),
  };
}
