import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Line } from '../../testkit/service-process.ts';
import type { Counts } from '../measure/result.ts';
import { type Audience, added, causesOf, fitting, type PossibleCause } from './causes.ts';
import { HANDLED } from './deduplication.ts';
import { idsOf, inOrderMade } from './lines.ts';
import type { Outage } from './outages.ts';
import { type Publishing, withTurnedUp } from './publishing.ts';
import { madeInOutages, refusalCauses } from './refusals.ts';
import { sum } from './sum.ts';

/** What the services and Redis show of one pattern's messages. */
export interface Observed {
  readonly guarantees: Guarantees;
  readonly publishing: Publishing;
  /** The `published` lines of the publishers' logs, for one pattern. */
  readonly published: readonly Line[];
  /** The `received` lines of each subscriber's log, in order, by its name. All instances of a subscriber have one name. */
  readonly received: ReadonlyMap<string, readonly Line[]>;
  /** The group of each subscriber; without it, all are in one. */
  readonly groupOf?: ReadonlyMap<string, string>;
  /** Dead letters that are not of the publishers. */
  readonly foreignDeadLetters: number;
  /** What Redis holds at the end. */
  readonly held: { readonly waiting: number; readonly inFlight: number; readonly dead: number };
  readonly possibleCauses: readonly PossibleCause[];
  /** When Redis was away for the publisher: only then it may refuse messages. */
  readonly publisherOutages?: readonly Outage[];
}

/** Reconciles a pattern's messages by their ids: what Redis accepted, who received it, what was lost and why. */
export function reconcile(observed: Observed): Counts {
  const { publishing, published, received, held, foreignDeadLetters, possibleCauses, publisherOutages = [] } = observed;
  const lines = new Map(published.map((line) => [line.id as string, line]));
  const turnedUp = [...received.values()].flat().filter(({ id }) => !lines.has(id));
  for (const line of turnedUp) if (!lines.has(line.id)) lines.set(line.id, line);
  const accounted = withTurnedUp(publishing, lines.size - idsOf(published).size);
  const all = inOrderMade([...lines.values()]);
  const audiences = audiencesIn(observed, all);
  const foreignDead = Math.min(foreignDeadLetters, held.dead);
  const counts = {
    ...accounted,
    audiences: audiences.length,
    received: sum(audiences.map(({ deliveries }) => idsOf(deliveries).size)),
    waiting: held.waiting,
    inFlight: held.inFlight,
    dead: held.dead - foreignDead,
  };
  const lost = counts.accepted * counts.audiences - counts.received - counts.waiting - counts.inFlight - counts.dead;
  const causes = audiences.flatMap((audience) => causesOf(missingFrom(audience), audience, possibleCauses));
  return {
    ...counts,
    lost,
    duplicated: sum(audiences.map(({ deliveries }) => deliveries.length - idsOf(deliveries).size)),
    reordered: sum([...received.values()].map(reorderedIn)),
    foreignDead,
    causes: added([
      ...fitting(added(causes), lost),
      ...refusalCauses(accounted, madeInOutages(all, accounted.made, publisherOutages), Math.max(1, audiences.length)),
    ]),
  };
}

function audiencesIn({ guarantees, received, groupOf }: Observed, accepted: readonly Line[]): Audience[] {
  return audiencesOf(guarantees, [...received.keys()], groupOf).map((subscribers) => ({
    subscribers,
    deliveries: subscribers.flatMap((subscriber) => received.get(subscriber) ?? []),
    accepted,
  }));
}

function missingFrom({ accepted, deliveries }: Audience): Line[] {
  const received = idsOf(deliveries);
  return accepted.filter(({ id }) => !received.has(id));
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
  for (const { id, sender, count, event } of deliveries) {
    if (seen.has(id) || event === HANDLED) continue;
    seen.add(id);
    if (count < (highest.get(sender) ?? 0)) reordered++;
    else highest.set(sender, count);
  }
  return reordered;
}
