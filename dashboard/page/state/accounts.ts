import type { PublisherStats, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import type { PatternFacts, Point, ServiceState } from '../../wire/wire.ts';

/** So many seconds are looked at where messages are few: fewer than so many per second. */
const STEADY_POINTS = 5;
const MANY = 20;

/** Where the messages are that Redis accepted, in the order of the bar. Each is in one place. */
export const PLACES = ['handled', 'waiting', 'inFlight', 'moving', 'elsewhere', 'dead', 'lost', 'unexplained'] as const;

export type Place = (typeof PLACES)[number];

/** What a place is called, and what it means. */
export const PLACE_WORDS: Readonly<Record<Place, { readonly name: string; readonly meaning: string }>> = {
  handled: { name: 'handled', meaning: 'different messages that were handled' },
  waiting: { name: 'waiting', meaning: 'in Redis, for a subscriber' },
  inFlight: { name: 'in flight', meaning: 'with a subscriber, and not acknowledged yet' },
  moving: { name: 'moving', meaning: 'on the way: not yet seen anywhere' },
  elsewhere: { name: 'elsewhere', meaning: 'of senders that name no session: perhaps with another subscriber' },
  dead: { name: 'dead', meaning: 'among the dead letters: its attempts were exhausted' },
  lost: { name: 'lost', meaning: 'neither handled nor in Redis, and the cause is known' },
  unexplained: { name: 'unexplained', meaning: 'missing, and nobody can tell why: a fault' },
};

/** The account of one audience: accepted is the sum of its places. */
export interface AccountView {
  /** Whose: a subscriber's name, a group's, or '' where all share one. */
  readonly whose: string;
  readonly accepted: number;
  readonly places: Readonly<Record<Place, number>>;
  /** Of nobody is known whether Redis took them: beside the account. */
  readonly unconfirmed: number;
  readonly duplicated: number;
  /** As of when, if nobody tells any more: ms since 1970. */
  readonly asOf: number | undefined;
}

export const isSubscriber = ({ snapshot }: ServiceState): boolean => snapshot.service === 'subscriber';

/** A service's figures of a pattern. */
export const statsOf = (state: ServiceState, pattern: string) =>
  state.snapshot.patterns[pattern] as (PublisherStats & SubscriberStats) | undefined;

/**
 * The accounts of a pattern: one for each subscriber of a broadcast, for each group where there are groups, else one. Each is as the
 * subscriber tells it that was heard last; one that is up knows better than one that is gone.
 */
export function accountsOf(pattern: PatternFacts, all: readonly ServiceState[]): readonly AccountView[] {
  const { audience, groups } = pattern.guarantees;
  const newest = new Map<string, ServiceState>();
  for (const state of all) {
    if (!isSubscriber(state) || !statsOf(state, pattern.name)) continue;
    const whose = audience === 'every-subscriber' ? state.snapshot.name : groups ? (state.snapshot.group ?? '') : '';
    const known = newest.get(whose);
    if (!known || knowsBetter(state, known)) newest.set(whose, state);
  }
  return [...newest]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([whose, state]) => viewOf(whose, state, statsOf(state, pattern.name) as SubscriberStats));
}

function knowsBetter(one: ServiceState, other: ServiceState): boolean {
  const areUp = [one, other].map(({ status }) => status === 'up');
  return areUp[0] === areUp[1] ? one.snapshot.at > other.snapshot.at : (areUp[0] as boolean);
}

function viewOf(whose: string, { status, heardAt }: ServiceState, stats: SubscriberStats): AccountView {
  const { accepted, handled, dead, lost, elsewhere, moving, unexplained, unconfirmed, duplicated } = stats;
  const held = { waiting: stats.waiting ?? 0, inFlight: stats.inFlight ?? 0 };
  const places = { handled, ...held, moving, elsewhere, dead, lost, unexplained };
  return { whose, accepted, places, unconfirmed, duplicated, asOf: status === 'up' ? undefined : heardAt };
}

/** What the publishers made for a pattern, and what became of it. */
export function madeOf(pattern: string, all: readonly ServiceState[]) {
  const sums = { made: 0, accepted: 0, refused: 0, unconfirmed: 0, buffered: 0, noSubscribers: 0 };
  for (const state of all) {
    const stats = statsOf(state, pattern);
    if (isSubscriber(state) || !stats) continue;
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += stats[name];
  }
  return sums;
}

/** What Redis holds of a pattern, as it was told last by whoever is up; `undefined` if nobody is. */
export function heldOf(pattern: string, all: readonly ServiceState[]) {
  const up = all.filter((state) => state.status === 'up' && statsOf(state, pattern));
  const newest = up.sort((one, other) => other.snapshot.at - one.snapshot.at)[0];
  return newest && statsOf(newest, pattern);
}

/** What a service did of a pattern in the last moment, per second: a publisher's accepted, a subscriber's handled messages. */
export function rateOfService(pattern: string, state: ServiceState): number {
  const lately = state.status === 'up' ? state.snapshot.lately[pattern] : undefined;
  if (!lately || lately.ms === 0) return 0;
  return (1000 * (isSubscriber(state) ? (lately.out ?? 0) : lately.in)) / lately.ms;
}

/** Messages per second, in the last moment: in = accepted by Redis; out = handled by all subscribers. */
export function ratesOf(pattern: string, all: readonly ServiceState[]): { readonly in: number; readonly out: number } {
  const rates = { in: 0, out: 0 };
  for (const state of all) rates[isSubscriber(state) ? 'out' : 'in'] += rateOfService(pattern, state);
  return rates;
}

/** The same over the last seconds: steadier where messages are few. */
export function steadyRatesOf(
  pattern: string,
  points: readonly Point[],
): { readonly in: number; readonly out: number } {
  const last = points.slice(-STEADY_POINTS).flatMap(({ lanes }) => lanes[pattern] ?? []);
  const newest = last.at(-1);
  if (!newest) return { in: 0, out: 0 };
  if (newest.in > MANY && newest.out > MANY) return newest;
  const mean = (field: 'in' | 'out') => last.reduce((sum, point) => sum + point[field], 0) / last.length;
  return { in: mean('in'), out: mean('out') };
}
