/** More separate ranges than this are not kept apart: the two oldest are joined. */
const MAX_RANGES = 10_000;

/**
 * A set of whole numbers that mostly come in order, as sorted ranges: memory grows with the gaps, not with the numbers.
 * Exact while there are fewer than `MAX_RANGES` gaps; then the oldest gap is forgotten: its numbers count as present.
 */
export class Intervals {
  readonly #starts: number[];
  readonly #ends: number[]; // inclusive

  constructor(pairs: readonly (readonly [number, number])[] = []) {
    this.#starts = pairs.map(([start]) => start);
    this.#ends = pairs.map(([, end]) => end);
  }

  /** All numbers that are in any of several lists of ranges. */
  static union(lists: readonly (readonly (readonly [number, number])[])[]): Intervals {
    const union = new Intervals();
    for (const [first, last] of lists.flat()) union.addRange(first, last);
    return union;
  }

  /** First and last number of each range, as the constructor takes them. */
  toJSON(): [number, number][] {
    return this.#starts.map((start, index) => [start, this.#ends[index] as number]);
  }

  /** Adds a number. False if it was there. */
  add(number: number): boolean {
    const index = this.#firstEndingAtOrAfter(number);
    if (this.#isIn(index, number)) return false;
    this.#insert(index, number);
    return true;
  }

  /** Adds all numbers from the first to the last. */
  addRange(first: number, last: number): void {
    const from = this.#firstEndingAtOrAfter(first - 1);
    let to = from;
    while ((this.#starts[to] ?? Number.POSITIVE_INFINITY) <= last + 1) to++;
    const start = to > from ? Math.min(first, this.#starts[from] as number) : first;
    const end = to > from ? Math.max(last, this.#ends[to - 1] as number) : last;
    this.#starts.splice(from, to - from, start);
    this.#ends.splice(from, to - from, end);
    if (this.#starts.length > MAX_RANGES) this.#joinOldest();
  }

  /** What it has from the first to the last of these numbers, as ranges. */
  overlaps(first: number, last: number): [number, number][] {
    const found: [number, number][] = [];
    for (
      let index = this.#firstEndingAtOrAfter(first);
      (this.#starts[index] ?? Number.POSITIVE_INFINITY) <= last;
      index++
    )
      found.push([Math.max(first, this.#starts[index] as number), Math.min(last, this.#ends[index] as number)]);
    return found;
  }

  has(number: number): boolean {
    return this.#isIn(this.#firstEndingAtOrAfter(number), number);
  }

  /** How many numbers are in it. */
  get total(): number {
    let total = 0;
    for (const [index, start] of this.#starts.entries()) total += (this.#ends[index] as number) - start + 1;
    return total;
  }

  /** The lowest and the highest number; `undefined` if there is none. */
  get bounds(): readonly [lowest: number, highest: number] | undefined {
    return this.#starts.length === 0 ? undefined : [this.#starts[0] as number, this.#ends.at(-1) as number];
  }

  /** How many separate ranges there are. */
  get size(): number {
    return this.#starts.length;
  }

  /** Whether a number that is not above the range's end is in it. */
  #isIn(index: number, number: number): boolean {
    return (this.#starts[index] ?? Number.POSITIVE_INFINITY) <= number;
  }

  #insert(index: number, number: number): void {
    const touchesLeft = this.#ends[index - 1] === number - 1;
    const touchesRight = this.#starts[index] === number + 1;
    if (touchesLeft && touchesRight) {
      this.#ends[index - 1] = this.#ends[index] as number;
      this.#starts.splice(index, 1);
      this.#ends.splice(index, 1);
    } else if (touchesLeft) this.#ends[index - 1] = number;
    else if (touchesRight) this.#starts[index] = number;
    else {
      this.#starts.splice(index, 0, number);
      this.#ends.splice(index, 0, number);
      if (this.#starts.length > MAX_RANGES) this.#joinOldest();
    }
  }

  #joinOldest(): void {
    this.#starts.splice(1, 1);
    this.#ends.splice(0, 1);
  }

  #firstEndingAtOrAfter(number: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
