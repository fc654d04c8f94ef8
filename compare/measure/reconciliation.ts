import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Line } from '../../testkit/service-process.ts';
import { UNEXPLAINED } from '../verdict/verdict.ts';
import type { Cause, Counts } from './result.ts';
import { sum } from './sum.ts';

const NOBODY_LISTENED = 'nobody was listening';
/** A subscriber of a pattern that keeps nothing did not keep up. */
export const TOO_FAST = 'too fast for the subscriber';

/** What the experiment knows of why messages may have been lost. */
export interface Blame {
  readonly cause: string;
  /** Explains at most so many. */
  readonly atMost?: number;
}

export interface Evidence {
  readonly guarantees: Guarantees;
  /** The `published` lines of the publishers' logs, for one pattern. */
  readonly published: readonly Line[];
  /** The `received` lines of each role's log, in order. Lives of one subscriber have one role. */
  readonly received: ReadonlyMap<string, readonly Line[]>;
  /** The group of each role; without it, all are in one. */
  readonly groupOf?: ReadonlyMap<string, string>;
  /** Messages made. */
  readonly made: number;
  /** Dead letters that are not of the publishers. */
  readonly strange: number;
  /** What Redis holds at the end. */
  readonly held: { readonly waiting: number; readonly inFlight: number; readonly dead: number };
  readonly blames: readonly Blame[];
}

/** Counts a pattern's messages by their ids: what Redis took, who got it, what was lost and why. */
export function takeCensus({ published, received, made, held, strange, blames, ...who }: Evidence): Counts {
  const audiences = audiencesOf(who.guarantees, [...received.keys()], who.groupOf).map((roles) =>
    roles.flatMap((role) => received.get(role) ?? []),
  );
  const accepted = new Map(published.map((line) => [line.id as string, line]));
  for (const line of audiences.flat()) if (!accepted.has(line.id)) accepted.set(line.id, line); // its answer was lost
  const lines = [...accepted.values()];
  const missing = audiences.flatMap((deliveries) => {
    const ids = new Set(deliveries.map((line) => line.id));
    return lines.filter((line) => !ids.has(line.id));
  });
  const distinct = audiences.map((deliveries) => new Set(deliveries.map((line) => line.id)).size);
  const kept = held.waiting + held.inFlight + Math.max(0, held.dead - strange);
  const lost = missing.length - kept;
  return {
    published: made,
    accepted: accepted.size,
    audiences: audiences.length,
    received: sum(distinct),
    lost,
    duplicated: sum(audiences.map((deliveries) => deliveries.length)) - sum(distinct),
    reordered: sum([...received.values()].map(reorderedIn)),
    deadLettered: held.dead,
    waiting: held.waiting + held.inFlight,
    causes: causesOf(lost, missing.filter((line) => line.reply === 0).length, blames),
  };
}

/** Who should get every message: lists of roles that share them. */
export function audiencesOf(
  { audience, groups }: Guarantees,
  roles: readonly string[],
  groupOf: ReadonlyMap<string, string> = new Map(),
): readonly (readonly string[])[] {
  if (audience === 'every-subscriber') return roles.map((role) => [role]);
  if (!groups || roles.length === 0) return [roles];
  const names = new Set(roles.map((role) => groupOf.get(role)));
  return [...names].map((name) => roles.filter((role) => groupOf.get(role) === name));
}

/** First deliveries that came after that of a later message of the same sender. */
function reorderedIn(deliveries: readonly Line[]): number {
  const seen = new Set<string>();
  const highest = new Map<string, number>();
  let reordered = 0;
  for (const { id, sender, count } of deliveries) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (count < (highest.get(sender) ?? 0)) reordered++;
    else highest.set(sender, count);
  }
  return reordered;
}

/** The causes of what was lost: that nobody heard it first, then the others, in their order. @param noSubscribers how many reached nobody */
export function causesOf(lost: number, noSubscribers: number, blames: readonly Blame[]): Cause[] {
  const all: readonly Blame[] = [{ cause: NOBODY_LISTENED, atMost: noSubscribers }, ...blames, { cause: UNEXPLAINED }];
  const causes: Cause[] = [];
  let left = Math.max(0, lost); // what is kept at the end is among the missing, but not lost
  for (const { cause, atMost = left } of all) {
    const messages = Math.min(atMost, left);
    if (messages > 0) causes.push({ cause, messages });
    left -= messages;
  }
  return causes;
}
