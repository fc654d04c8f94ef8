import type { Account, Entry } from './ledger.ts';
import { Ranges } from './ranges.ts';

/** A count this far above the others of its sender is a mistake or a forgery, not so many losses. */
const IMPLAUSIBLE = 1_000_000_000;

/** One run of one sender: the counts from its start to its end. */
export class Run {
  /** When the earliest message that was seen of it was made: µs since 1970. */
  startedAt: number;
  /** The ledger's number of the last entry that was booked here. */
  lastEntry = 0;
  readonly isStray: boolean;
  readonly #firstId: string;
  readonly #firstCount: number;
  readonly #received = new Ranges();
  readonly #from: number;
  #lowest: number;
  #highest: number;
  #highestMadeAt: number;
  #unique = 0;
  #duplicated = 0;
  #lostInHand = 0;
  #reordered = 0;

  /**
   * @param from the count from which messages are taken to have been published
   * @param isStray whether its count is implausible, so that it gets only what continues it
   */
  constructor(first: Entry, from: number, isStray = false) {
    this.isStray = isStray;
    this.#from = Math.min(from, first.count); // some count from 0
    this.#firstId = first.id;
    this.#firstCount = first.count;
    this.#lowest = first.count;
    this.#highest = first.count;
    this.#highestMadeAt = first.madeAt;
    this.startedAt = first.madeAt;
  }

  /** Whether so many messages cannot have been lost that this count belongs to the run. */
  isImplausible(count: number): boolean {
    return count - this.#highest > IMPLAUSIBLE;
  }

  /** Whether this is the very next message. */
  isContinuedBy({ count, madeAt }: Entry): boolean {
    return count === this.#highest + 1 && madeAt >= this.#highestMadeAt;
  }

  /**
   * Whether the sender must have started again to have made this message. Within a run a higher count was made later; so a
   * count that is not higher, made later than the highest, is of a new run, and so is another message under the first's
   * count, whatever the clocks say. (A duplicate has the id and the time of the original.)
   */
  isOutgrownBy({ count, id, madeAt }: Entry): boolean {
    if (count > this.#highest) return this.isImplausible(count);
    if (count === this.#firstCount && id !== this.#firstId) return true;
    return madeAt > this.#highestMadeAt;
  }

  lose(entry: Entry): void {
    this.see(entry);
    if (!this.#received.has(entry.count)) this.#lostInHand++;
  }

  receive(entry: Entry): 'new' | 'duplicate' | 'reordered' {
    const late = entry.count < this.#highest;
    this.see(entry);
    if (!this.#received.add(entry.count)) {
      this.#duplicated++;
      return 'duplicate';
    }
    this.#unique++;
    if (!late) return 'new';
    this.#reordered++;
    return 'reordered';
  }

  /** Takes note that the message was published. */
  see({ count, madeAt }: Entry): void {
    if (count > this.#highest) {
      this.#highest = count;
      this.#highestMadeAt = madeAt;
    }
    if (count < this.#lowest) this.#lowest = count;
    if (madeAt < this.startedAt) this.startedAt = madeAt;
  }

  account(shared: boolean): Account {
    const first = Math.min(this.#from, this.#lowest);
    const published = this.#highest - first + 1;
    const missing = published - this.#unique;
    const unknown = shared ? Math.max(0, missing - this.#lostInHand) : this.#lowest - first;
    return {
      published,
      received: this.#unique,
      lost: missing - unknown,
      unknown,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
    };
  }
}
