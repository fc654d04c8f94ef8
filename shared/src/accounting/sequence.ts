import type { Account, Entry } from './account.ts';
import { Intervals } from './intervals.ts';

/** A count this far above the others of its sender is a mistake or a forgery, not as many losses. */
const IMPLAUSIBLE = 1_000_000_000;

/** What is known of a sequence; with `Intervals` as pairs it is plain data. */
interface State<Received = Intervals> {
  /** Whether its count is implausible, so that it gets only what continues it. */
  isStray: boolean;
  /** The count from which messages are taken to have been published. */
  from: number;
  firstId: string;
  firstCount: number;
  lowest: number;
  highest: number;
  /** When the earliest message that was seen of it, and the one with the highest count, were made: µs since 1970. */
  startedAt: number;
  highestMadeAt: number;
  received: Received;
  unique: number;
  duplicated: number;
  reordered: number;
  /** The ledger's number of the last entry that was booked here. */
  lastEntry: number;
  /** Seen, but not handled, and not to be delivered again. */
  lostInHand: number;
}

/** A sequence as it can be stored as JSON. */
export type StoredSequence = State<readonly (readonly [number, number])[]>;

/** One sequence of one sender: the counts from its start to its end. */
export class Sequence {
  readonly #state: State;

  private constructor(state: State) {
    this.#state = state;
  }

  static beginWith({ count, id, madeAt }: Entry, from: number, isStray = false): Sequence {
    return new Sequence({
      isStray,
      from: Math.min(from, count), // some count from 0
      firstId: id,
      firstCount: count,
      lowest: count,
      highest: count,
      startedAt: madeAt,
      highestMadeAt: madeAt,
      received: new Intervals(),
      unique: 0,
      duplicated: 0,
      reordered: 0,
      lostInHand: 0,
      lastEntry: 0,
    });
  }

  static restore(stored: StoredSequence): Sequence {
    return new Sequence({ ...stored, received: new Intervals(stored.received) });
  }

  toJSON(): StoredSequence {
    return { ...this.#state, received: this.#state.received.toJSON() };
  }

  get isStray(): boolean {
    return this.#state.isStray;
  }

  get lastEntry(): number {
    return this.#state.lastEntry;
  }

  set lastEntry(number: number) {
    this.#state.lastEntry = number;
  }

  get startedAt(): number {
    return this.#state.startedAt;
  }

  /** Whether too many messages would have been lost for this count to belong to the sequence. */
  isImplausible(count: number): boolean {
    return count - this.#state.highest > IMPLAUSIBLE;
  }

  /** Whether this is the very next message. */
  isContinuedBy({ count, madeAt }: Entry): boolean {
    return count === this.#state.highest + 1 && madeAt >= this.#state.highestMadeAt;
  }

  /**
   * Whether the sender must have started again to have made this message. Within a sequence a higher count was made later; so a
   * count that is not higher, made later than the highest, is of a new sequence, and so is another message under the first's
   * count, whatever the clocks say. (A duplicate has the id and the time of the original.)
   */
  isOutgrownBy({ count, id, madeAt }: Entry): boolean {
    const { highest, highestMadeAt, firstCount, firstId } = this.#state;
    if (count > highest) return this.isImplausible(count);
    if (count === firstCount && id !== firstId) return true;
    return madeAt > highestMadeAt;
  }

  lose(entry: Entry): void {
    this.see(entry);
    if (!this.#state.received.has(entry.count)) this.#state.lostInHand++;
  }

  receive(entry: Entry): 'new' | 'duplicate' | 'reordered' {
    const late = entry.count < this.#state.highest;
    this.see(entry);
    if (!this.#state.received.add(entry.count)) {
      this.#state.duplicated++;
      return 'duplicate';
    }
    this.#state.unique++;
    if (!late) return 'new';
    this.#state.reordered++;
    return 'reordered';
  }

  /** Takes note that the message was published. */
  see({ count, madeAt }: Entry): void {
    const state = this.#state;
    if (count > state.highest) {
      state.highest = count;
      state.highestMadeAt = madeAt;
    }
    if (count < state.lowest) state.lowest = count;
    if (madeAt < state.startedAt) state.startedAt = madeAt;
  }

  account(shared: boolean): Account {
    const { from, lowest, highest, unique, lostInHand, duplicated, reordered } = this.#state;
    const first = Math.min(from, lowest);
    const published = highest - first + 1;
    const missing = published - unique;
    const elsewhere = shared ? Math.max(0, missing - lostInHand) : lowest - first;
    return { published, received: unique, lost: missing - elsewhere, elsewhere, duplicated, reordered };
  }
}
