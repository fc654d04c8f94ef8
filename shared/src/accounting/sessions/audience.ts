import { Intervals } from '../intervals.ts';
import { CountSet } from './count-set.ts';
import type { PublishedSession } from './published.ts';
import { type Range, receivedIn, type StoredSession } from './session.ts';

/** A publisher that has told nothing for this long has ended without a word: ms. */
const SILENT_MS = 5000;

/** One subscriber's knowledge of the sessions, by their names. */
export interface Member {
  readonly sessions: ReadonlyMap<string, StoredSession>;
  /** Whether messages may have been sent behind the highest that it has seen, and it could not get them. */
  isInterrupted(session: string): boolean;
}

/** Messages of senders that name their session, each counted once: what all who share them know together. */
export interface AudienceAccount {
  readonly made: number;
  readonly refused: number;
  readonly buffered: number;
  /** Without those that were handled all the same. */
  readonly unconfirmed: number;
  readonly accepted: number;
  readonly handled: number;
  readonly dead: number;
  /** Not handled, and somebody knows why. */
  readonly lost: number;
  /** Deliveries that were handled of messages that somebody had handled before. */
  readonly duplicated: number;
  /** Whether a publisher may still be sending. */
  readonly isMoving: boolean;
  /** What was handled, by session. */
  readonly handledOf: ReadonlyMap<string, CountSet>;
}

/**
 * Puts together what the publishers and the members of one audience tell of their sessions.
 * @param members all who share the messages; one alone, if each subscriber gets every message
 * @param published by session
 * @param isWhole whether the audience gets every message from the first on; else from the first that it has seen
 * @param now ms since 1970
 */
export function audienceAccount(
  members: readonly Member[],
  published: ReadonlyMap<string, PublishedSession>,
  isWhole: boolean,
  now: number,
): AudienceAccount {
  const total = {
    made: 0,
    refused: 0,
    buffered: 0,
    unconfirmed: 0,
    accepted: 0,
    handled: 0,
    dead: 0,
    lost: 0,
    duplicated: 0,
  };
  const handledOf = new Map<string, CountSet>();
  const names = new Set([...published.keys(), ...members.flatMap(({ sessions }) => [...sessions.keys()])]);
  for (const name of names) {
    const told = members.flatMap((member) => member.sessions.get(name) ?? []);
    const handled = new CountSet();
    for (const each of told) handled.addAll(each.handled);
    handledOf.set(name, handled);
    const isInterrupted = members.some((member) => member.sessions.has(name) && member.isInterrupted(name));
    const teller = published.get(name);
    const part = sessionAccount(told, handled, teller, isWhole, isInterrupted, tells(teller, now));
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += part[key];
  }
  const isMoving = [...published.values()].some((each) => tells(each, now));
  return { ...total, isMoving, handledOf };
}

/** Whether more is to be heard of a publisher. */
const tells = (teller: PublishedSession | undefined, now: number): boolean =>
  teller !== undefined && !teller.isClosed && now - teller.at < SILENT_MS;

/** What several members tell of one session, put together. @param isTelling whether the publisher tells more later */
function sessionAccount(
  told: readonly StoredSession[],
  handled: CountSet,
  published: PublishedSession | undefined,
  isWhole: boolean,
  isInterrupted: boolean,
  isTelling: boolean,
) {
  const [, highestHandled] = handled.bounds ?? [0, 0]; // it is stored sooner than what else is known of a session
  const highest = Math.max(0, highestHandled, ...told.map((each) => each.highest));
  const lowest = Math.min(...told.map((each) => each.lowest));
  const { made = 0, buffered = 0 } = published ?? {};
  const refused = new Intervals(published?.refused);
  const unconfirmed = new Intervals(published?.unconfirmed);
  const notTaken = Intervals.union([refused.toJSON(), unconfirmed.toJSON()]);
  const first = isWhole && published ? Math.min(1, lowest) : lowest;
  const lastTold = settledUpTo(made - buffered - notTaken.total, notTaken);
  const last = Math.max(highest, lastTold);
  const everything: Range = [Math.min(first, 1), Math.max(last, made)];

  const unhandled = ([from, to]: Range): number => Math.max(0, to - from + 1) - handled.countIn(from, to);
  const dead = Intervals.union(told.map((each) => each.dead));
  const lost = Intervals.union(told.map((each) => each.lost));
  const skipped = Intervals.union(told.map((each) => each.skipped));
  if (isInterrupted && highest < last) skipped.addRange(highest + 1, last);
  const turnedUp = Intervals.union([dead.toJSON(), lost.toJSON()]);

  /** Of these counts, those in a set that nobody has handled. */
  const within = (set: Intervals, [from, to]: Range): number => sum(set.overlaps(from, to), unhandled);
  const missingFrom = (set: Intervals, range: Range): number =>
    sum(set.overlaps(...range), (each) => unhandled(each) - within(turnedUp, each));
  const deliveries = sum(told, (each) => receivedIn(each) + each.duplicated);
  const range: Range = [first, last];
  const replayedAndLost = sum(dead.overlaps(...range), (each) => within(lost, each));
  // What a publisher at work has not told of yet may have been refused: that is not lost, but on its way.
  const toldOf: Range = [first, isTelling ? Math.min(last, lastTold) : last];
  const skippedOnly = sum(
    skipped.overlaps(...toldOf),
    (each) => unhandled(each) - within(turnedUp, each) - missingFrom(notTaken, each),
  );
  const isMade = Math.max(made, last); // what a publisher told may be older than what subscribers saw
  const untold: Range = [Math.max(first, lastTold + 1), last];
  const known = Intervals.union([turnedUp.toJSON(), skipped.toJSON(), notTaken.toJSON()]);
  const hasEndedSilently = published !== undefined && !published.isClosed && !isTelling;
  const neverTold = hasEndedSilently ? unhandled(untold) - within(known, untold) : 0;
  return {
    made: isMade,
    refused: refused.total,
    buffered: isMade - last - within(notTaken, [last + 1, isMade]),
    unconfirmed: missingFrom(unconfirmed, everything) + neverTold,
    accepted: first > last ? 0 : last - first + 1 - missingFrom(notTaken, range) - neverTold,
    handled: handled.countIn(...range),
    dead: within(dead, range) - replayedAndLost,
    lost: within(lost, range) + skippedOnly,
    duplicated: Math.max(0, deliveries - handled.size),
  };
}

/**
 * Up to which count a publisher has told what became of its messages. Redis answers them in their order, but what finds no room in the
 * publisher is refused before what waits there is answered.
 * @param taken how many Redis took
 */
function settledUpTo(taken: number, notTaken: Intervals): number {
  let last = Math.max(0, taken);
  for (const [from, to] of notTaken.toJSON()) {
    if (from > last + 1) break;
    last += to - from + 1;
  }
  return last;
}

const sum = <Item>(items: readonly Item[], number: (item: Item) => number): number =>
  items.reduce((total, item) => total + number(item), 0);
