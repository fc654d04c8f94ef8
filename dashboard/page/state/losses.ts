import type { SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import type { PatternFacts, ServiceState } from '../../wire/wire.ts';
import { isSubscriber, madeOf, statsOf } from './accounts.ts';
import { number } from './text.ts';

/**
 * Why messages of an audience are lost, in words, as the services count it.
 * @param lost how many are @param whose the name of the subscriber whose account it is; '' if several share it
 */
export function whyLost(pattern: PatternFacts, lost: number, whose: string, all: readonly ServiceState[]): string[] {
  if (lost === 0) return [];
  const { name, guarantees } = pattern;
  const isOwn = guarantees.audience === 'every-subscriber';
  const stats = all
    .filter((state) => isSubscriber(state) && (!isOwn || state.snapshot.name === whose))
    .flatMap((state) => statsOf(state, name) ?? ([] as SubscriberStats[]));
  const sum = (field: 'failed' | 'missing') => stats.reduce((total, each) => total + each[field], 0);
  const causes: [number, string][] = [
    [madeOf(name, all).noSubscribers, 'published while nobody listened'],
    [guarantees.survivesCrash ? 0 : sum('failed'), 'its handler failed, and nothing is tried again'],
    [sum('missing'), 'gone from Redis before they were acknowledged'],
    [
      lost,
      guarantees.keepsUnread ? 'a subscriber that had them was killed, or cut off' : 'it was away, killed or cut off',
    ],
  ];
  let rest = lost;
  const why: string[] = [];
  for (const [messages, cause] of causes) {
    const share = Math.min(messages, rest);
    if (share > 0) why.push(`${number(share)}: ${cause}`);
    rest -= share;
  }
  return why;
}
