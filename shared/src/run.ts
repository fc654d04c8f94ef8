import type { Account, Entry } from './ledger.ts';
import { Ranges } from './ranges.ts';

/** One run of one sender: the counts from its start to its end. */
export class Run {
  /** When the earliest message that was seen of it was made: µs since 1970. */
  startedAt: number;
  /** The ledger's number of the last entry that was booked here. */
  lastEntry = 0;
  readonly #firstId: string;
  readonly #firstCount: number;
  readonly #received = new Ranges();
  #lowest: number;
  #highest: number;
  #highestMadeAt: number;
  #unique = 0;
  #duplicated = 0;
  #reordered = 0;

  constructor(first: Entry) {
    this.#firstId = first.id;
    this.#firstCount = first.count;
    this.#lowest = first.count;
    this.#highest = first.count;
    this.#highestMadeAt = first.madeAt;
    this.startedAt = first.madeAt;
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
    if (count > this.#highest) return false;
    if (count === this.#firstCount && id !== this.#firstId) return true;
    return madeAt > this.#highestMadeAt;
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
    const first = Math.min(1, this.#lowest); // some count from 0
    const published = this.#highest - first + 1;
    const missing = published - this.#unique;
    const unknown = shared ? missing : this.#lowest - first;
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
