import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Line } from '../../testkit/service-process.ts';
import { causesOf, type PossibleCause } from './causes.ts';
import type { Counts } from './result.ts';
import { sum } from './sum.ts';

/** What the logs of the services and Redis show of one pattern's messages. */
export interface Observed {
  readonly guarantees: Guarantees;
  /** The `published` lines of the publishers' logs, for one pattern. */
  readonly published: readonly Line[];
  /** The `received` lines of each subscriber's log, in order, by its name. All instances of a subscriber have one name. */
  readonly received: ReadonlyMap<string, readonly Line[]>;
  /** The group of each subscriber; without it, all are in one. */
  readonly groupOf?: ReadonlyMap<string, string>;
  /** Messages made. */
  readonly made: number;
  /** Dead letters that are not of the publishers. */
  readonly foreignDeadLetters: number;
  /** What Redis holds at the end. */
  readonly held: { readonly waiting: number; readonly inFlight: number; readonly dead: number };
  readonly possibleCauses: readonly PossibleCause[];
}

/** Reconciles a pattern's messages by their ids: what Redis accepted, who received it, what was lost and why. */
export function reconcile({ guarantees, published, received, groupOf, made, held, ...more }: Observed): Counts {
  const audiences = audiencesOf(guarantees, [...received.keys()], groupOf).map((subscribers) =>
    subscribers.flatMap((subscriber) => received.get(subscriber) ?? []),
  );
  const accepted = new Map(published.map((line) => [line.id as string, line]));
  for (const line of audiences.flat()) if (!accepted.has(line.id)) accepted.set(line.id, line); // the answer to the publisher was lost
  const lines = [...accepted.values()];
  const missing = audiences.flatMap((deliveries) => {
    const ids = new Set(deliveries.map((line) => line.id));
    return lines.filter((line) => !ids.has(line.id));
  });
  const distinct = audiences.map((deliveries) => new Set(deliveries.map((line) => line.id)).size);
  const kept = held.waiting + held.inFlight + Math.max(0, held.dead - more.foreignDeadLetters);
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
    causes: causesOf(lost, missing.filter((line) => line.reply === 0).length, more.possibleCauses),
  };
}

/** Who should get every message: lists of subscribers, by name, that share them. */
export function audiencesOf(
  { audience, groups }: Guarantees,
  subscribers: readonly string[],
  groupOf: ReadonlyMap<string, string> = new Map(),
): readonly (readonly string[])[] {
  if (audience === 'every-subscriber') return subscribers.map((subscriber) => [subscriber]);
  if (!groups || subscribers.length === 0) return [subscribers];
  const names = new Set(subscribers.map((subscriber) => groupOf.get(subscriber)));
  return [...names].map((name) => subscribers.filter((subscriber) => groupOf.get(subscriber) === name));
}

/** Messages that were first delivered after a later one of the same sender. */
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
