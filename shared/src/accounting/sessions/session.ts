import { Intervals } from '../intervals.ts';
import { CountSet, type StoredCounts } from './count-set.ts';
import type { Marks } from './marks.ts';

/** A range of counts: the first and the last. */
export type Range = readonly [first: number, last: number];

/** How many different messages a subscriber has handled itself. */
export const receivedIn = ({ handled, others }: StoredSession): number => new CountSet(handled).size - others;

/** What a subscriber knows of one session of a sender, as plain data. */
export interface StoredSession {
  readonly sender: string;
  /** The lowest and the highest count that was seen. */
  readonly lowest: number;
  readonly highest: number;
  /** Counts that this subscriber handled, and, in chunks that are complete, those of others. */
  readonly handled: StoredCounts;
  /** How many of the handled were others'. */
  readonly others: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Seen, and lost in this subscriber's hands. */
  readonly lost: readonly Range[];
  /** Dead-lettered by this subscriber. */
  readonly dead: readonly Range[];
  /** Sent while this subscriber could not get them: its connection was down, it was gone, or it was too slow. */
  readonly skipped: readonly Range[];
}

/** What of it changes seldom; the rest can be told from the handled counts. */
export type StoredSessionHead = Omit<StoredSession, 'handled'> & { readonly complete: readonly Range[] };

/** What a subscriber knows of the messages of one session, which have the counts from 1 on: exact, in bounded memory. */
export class Session {
  readonly sender: string;
  readonly #handled: CountSet;
  readonly #lost: Intervals;
  readonly #dead: Intervals;
  readonly #skipped: Intervals;
  #lowest: number;
  #highest: number;
  #others: number;
  #duplicated: number;
  #reordered: number;
  #headHasChanged: boolean;
  /** What was the highest count when; `undefined` if messages come in order. */
  readonly #marks: Marks | undefined;
  /** When messages may have been sent that this subscriber could not get, for the last time, until one arrives that was received later: µs. */
  #interruptedAt: number | undefined;

  private constructor(
    stored: StoredSession,
    isRestored: boolean,
    interruptedAt: number | undefined,
    marks: Marks | undefined,
  ) {
    this.sender = stored.sender;
    this.#handled = new CountSet(stored.handled);
    this.#lost = new Intervals(stored.lost);
    this.#dead = new Intervals(stored.dead);
    this.#skipped = new Intervals(stored.skipped);
    const [lowest, highest] = this.#handled.bounds ?? [stored.lowest, stored.highest];
    this.#lowest = Math.min(stored.lowest, lowest);
    this.#highest = Math.max(stored.highest, highest);
    this.#others = stored.others;
    this.#duplicated = stored.duplicated;
    this.#reordered = stored.reordered;
    this.#headHasChanged = !isRestored;
    this.#interruptedAt = interruptedAt;
    this.#marks = marks;
  }

  /** @param count the first that is seen of it @param interruptedAt see `interrupt` @param marks if messages come by several connections */
  static beginWith(sender: string, count: number, interruptedAt: number | undefined, marks?: Marks): Session {
    const none = { handled: { complete: [], partial: new Map() }, lost: [], dead: [], skipped: [] };
    const numbers = { lowest: count, highest: count, others: 0, duplicated: 0, reordered: 0 };
    return new Session({ sender, ...numbers, ...none }, false, interruptedAt, marks);
  }

  /** @param interruptedAt until when (µs) the subscriber, who was gone, has missed what was sent; `undefined` if it has missed nothing */
  static restore(stored: StoredSession, interruptedAt: number | undefined, marks?: Marks): Session {
    const session = new Session(stored, true, interruptedAt, marks);
    if (interruptedAt !== undefined) marks?.add(interruptedAt, session.#highest);
    return session;
  }

  /** The same, of which everything is to be stored again. */
  static again(session: Session): Session {
    const { handled, ...head } = session.stored();
    const none = { complete: handled.complete, partial: new Map() };
    const same = new Session({ ...head, handled: none }, false, session.#interruptedAt, session.#marks);
    same.#handled.addAll(handled);
    return same;
  }

  /** The highest count that was seen. */
  get highest(): number {
    return this.#highest;
  }

  /** Different messages that this subscriber handled, and deliveries that came again or late. */
  get counts(): { received: number; duplicated: number; reordered: number } {
    const received = this.#handled.size - this.#others;
    return { received, duplicated: this.#duplicated, reordered: this.#reordered };
  }

  /** Books a message that was handled. @param receivedAt µs since 1970 */
  receive(count: number, receivedAt: number): 'new' | 'duplicate' | 'reordered' {
    const isLate = count < this.#highest;
    this.#see(count, receivedAt);
    if (!this.#handled.add(count)) {
      this.#duplicated++;
      this.#headHasChanged = true;
      return 'duplicate';
    }
    if (!isLate) return 'new';
    this.#reordered++;
    this.#headHasChanged = true;
    return 'reordered';
  }

  /** Books a message that nobody will deliver again, and that was not handled. */
  lose(count: number, receivedAt: number): void {
    this.#see(count, receivedAt);
    this.#lost.add(count);
    this.#headHasChanged = true;
  }

  /** Books a message that is among the dead letters. */
  bury(count: number, receivedAt: number): void {
    this.#see(count, receivedAt);
    this.#dead.add(count);
    this.#headHasChanged = true;
  }

  /** A subscriber was killed that had up to so many messages in its hands: what is missing among the latest is lost with it. */
  lostInHands(messages: number): void {
    this.#skipped.addRange(Math.max(this.#lowest, this.#highest - messages + 1), this.#highest);
    this.#headHasChanged = true;
  }

  /** A delivery that was booked as a duplicate is none: the message was left out. */
  forgive(): void {
    this.#duplicated--;
    this.#headHasChanged = true;
  }

  /**
   * Messages may have been sent up to now that this subscriber could not get.
   * @param at µs since 1970
   * @param since µs since 1970: some of those that were sent since then, while others arrived
   * @returns whether that changed something that is stored
   */
  interrupt(at: number, since = at): boolean {
    this.#interruptedAt = at;
    const before = since < at ? this.#marks?.countAt(since) : undefined;
    if (before === undefined || before >= this.#highest) return false;
    this.#skipped.addRange(before + 1, this.#highest);
    this.#headHasChanged = true;
    return true;
  }

  /** Whether messages may have been sent behind the highest that this subscriber could not get. */
  get isInterrupted(): boolean {
    return this.#interruptedAt !== undefined;
  }

  /** Takes over what all subscribers together have handled, where that is complete. @returns whether that changed something */
  completeFrom(all: CountSet): boolean {
    const added = this.#handled.complete(all);
    if (added === 0) return false;
    this.#others += added;
    this.#headHasChanged = true;
    return true;
  }

  /** All of it. */
  stored(): StoredSession {
    return {
      sender: this.sender,
      lowest: this.#lowest,
      highest: this.#highest,
      handled: this.#handled.stored(),
      others: this.#others,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      lost: this.#lost.toJSON(),
      dead: this.#dead.toJSON(),
      skipped: this.#skipped.toJSON(),
    };
  }

  /** What has changed since the last call, to be stored. */
  changes(): { head?: StoredSessionHead; chunks: ReadonlyMap<number, Uint8Array>; gone: readonly number[] } {
    const { chunks, gone, completeHasChanged } = this.#handled.changes();
    const hasChanged = this.#headHasChanged || completeHasChanged;
    this.#headHasChanged = false;
    if (!hasChanged) return { chunks, gone };
    return { head: this.#head(), chunks, gone };
  }

  /** What its head will be once a message is among the dead letters. */
  headWithDead(count: number): StoredSessionHead {
    const head = this.#head();
    const dead = Intervals.union([head.dead, [[count, count]]]).toJSON();
    return { ...head, dead, lowest: Math.min(head.lowest, count), highest: Math.max(head.highest, count) };
  }

  #head(): StoredSessionHead {
    const { handled, ...head } = this.stored();
    return { ...head, complete: handled.complete };
  }

  #see(count: number, receivedAt: number): void {
    if (count > this.#highest) {
      if (this.#interruptedAt !== undefined && count > this.#highest + 1) {
        this.#skipped.addRange(this.#highest + 1, count - 1);
        this.#headHasChanged = true;
      }
      this.#marks?.add(receivedAt, this.#highest);
      this.#highest = count;
      // What was received before may still have a gap behind it.
      if (this.#interruptedAt !== undefined && receivedAt > this.#interruptedAt) this.#interruptedAt = undefined;
    } else if (count < this.#lowest) {
      this.#lowest = count;
      this.#headHasChanged = true;
    }
  }
}
