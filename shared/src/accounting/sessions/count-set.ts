import { Intervals } from '../intervals.ts';

/** Counts in one chunk. Small, because a chunk is stored whole whenever one of its counts is added. */
export const CHUNK_COUNTS = 256;
const CHUNK_BYTES = CHUNK_COUNTS / 8;
/** More chunks than this are not kept apart: of the oldest, what is missing counts as there. Together about 1 MB. */
const MAX_PARTIAL = 4096;

/** A chunk of which some counts are missing. */
interface Partial {
  readonly bits: Uint8Array;
  counts: number;
}

/** A set of counts as plain data. */
export interface StoredCounts {
  /** Ranges of chunks that are complete. */
  readonly complete: readonly (readonly [number, number])[];
  /** The others by their numbers: a bit for each count, trailing zero bytes left out. */
  readonly partial: ReadonlyMap<number, Uint8Array>;
}

/**
 * A set of counts (whole numbers, 0 or more) that mostly come in order, as a bitmap in chunks: memory, and what has to be stored of
 * it when a count is added, do not grow with the gaps. Exact while fewer than `MAX_PARTIAL` chunks have gaps.
 */
export class CountSet {
  readonly #complete: Intervals;
  readonly #partial = new Map<number, Partial>();
  /** Chunks that are not as they were at the last `changes`; complete ones are no longer to be stored. */
  #changed = new Set<number>();
  #completeHasChanged = false;

  constructor({ complete, partial }: StoredCounts = { complete: [], partial: new Map() }) {
    this.#complete = new Intervals(complete);
    for (const [chunk, bytes] of partial) {
      const bits = new Uint8Array(CHUNK_BYTES);
      bits.set(bytes.subarray(0, CHUNK_BYTES));
      this.#partial.set(chunk, { bits, counts: countBits(bits) });
    }
  }

  /** Adds a count. False if it was there. */
  add(count: number): boolean {
    const number = chunkOf(count);
    if (this.#complete.has(number)) return false;
    const chunk = this.#partial.get(number) ?? this.#begin(number);
    const place = placeOf(count, number);
    const mask = 1 << (place & 7);
    const byte = chunk.bits[place >> 3] as number;
    if (byte & mask) return false;
    chunk.bits[place >> 3] = byte | mask;
    this.#changed.add(number);
    if (++chunk.counts === CHUNK_COUNTS) this.#completed(number);
    return true;
  }

  has(count: number): boolean {
    const number = chunkOf(count);
    if (this.#complete.has(number)) return true;
    const place = placeOf(count, number);
    return ((this.#partial.get(number)?.bits[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
  }

  /** How many counts are in the set. */
  get size(): number {
    let size = CHUNK_COUNTS * this.#complete.total;
    for (const { counts } of this.#partial.values()) size += counts;
    return size;
  }

  /** Adds all counts of another set. */
  addAll({ complete, partial }: StoredCounts): void {
    for (const [from, to] of complete) this.#complete.addRange(from, to);
    for (const number of [...this.#partial.keys()]) if (this.#complete.has(number)) this.#completed(number);
    for (const [number, bytes] of partial) this.#addChunk(number, bytes);
  }

  /** The lowest and the highest count; `undefined` if there is none. */
  get bounds(): readonly [lowest: number, highest: number] | undefined {
    let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const complete = this.#complete.bounds;
    if (complete) [lowest, highest] = [lastOf(complete[0] - 1) + 1, lastOf(complete[1])];
    for (const [number, { bits }] of this.#partial) {
      const first = lastOf(number - 1) + 1;
      if (first < lowest) lowest = first + lowestBit(bits);
      if (lastOf(number) > highest) highest = first + highestBit(bits);
    }
    return lowest <= highest ? [lowest, highest] : undefined;
  }

  /** How many counts from the first to the last of these are in the set. */
  countIn(first: number, last: number): number {
    let counted = 0;
    for (let count = first; count <= last; ) {
      const number = chunkOf(count);
      const end = Math.min(last, lastOf(number));
      if (this.#complete.has(number)) counted += end - count + 1;
      else if (this.#partial.has(number)) for (let each = count; each <= end; each++) if (this.has(each)) counted++;
      count = end + 1;
    }
    return counted;
  }

  /**
   * Counts all of each chunk as there that is complete in another set, such as that of all subscribers together.
   * @returns how many counts that added
   */
  complete(other: CountSet): number {
    let added = 0;
    for (const [number, { counts }] of [...this.#partial])
      if (other.#complete.has(number)) {
        added += CHUNK_COUNTS - counts;
        this.#completed(number);
      }
    return added;
  }

  /** All of it, as the constructor takes it. */
  stored(): StoredCounts {
    return { complete: this.#complete.toJSON(), partial: this.#chunks(this.#partial.keys()) };
  }

  /**
   * What has changed since the last call: chunks to be stored, chunks no longer to be stored because they are complete, and whether
   * the ranges of complete chunks are others.
   */
  changes(): { chunks: ReadonlyMap<number, Uint8Array>; gone: readonly number[]; completeHasChanged: boolean } {
    const changed = [...this.#changed];
    const changes = {
      chunks: this.#chunks(changed.filter((number) => this.#partial.has(number))),
      gone: changed.filter((number) => !this.#partial.has(number)),
      completeHasChanged: this.#completeHasChanged,
    };
    this.#changed = new Set();
    this.#completeHasChanged = false;
    return changes;
  }

  #begin(number: number): Partial {
    const chunk = { bits: new Uint8Array(CHUNK_BYTES), counts: 0 };
    this.#partial.set(number, chunk);
    if (this.#partial.size > MAX_PARTIAL) this.#completed(Math.min(...this.#partial.keys()));
    return chunk;
  }

  #completed(number: number): void {
    this.#complete.add(number);
    this.#completeHasChanged = true;
    if (this.#partial.delete(number)) this.#changed.add(number);
  }

  #addChunk(number: number, bytes: Uint8Array): void {
    if (this.#complete.has(number)) return;
    const chunk = this.#partial.get(number) ?? this.#begin(number);
    for (const [index, byte] of bytes.subarray(0, CHUNK_BYTES).entries())
      chunk.bits[index] = (chunk.bits[index] as number) | byte;
    chunk.counts = countBits(chunk.bits);
    this.#changed.add(number);
    if (chunk.counts === CHUNK_COUNTS) this.#completed(number);
  }

  #chunks(numbers: Iterable<number>): ReadonlyMap<number, Uint8Array> {
    const chunks = new Map<number, Uint8Array>();
    for (const number of numbers) chunks.set(number, trimmed((this.#partial.get(number) as Partial).bits));
    return chunks;
  }
}

/** Chunk 1 begins with count 1, where most senders begin; 0 is alone in chunk 0. */
const chunkOf = (count: number): number => Math.floor((count + CHUNK_COUNTS - 1) / CHUNK_COUNTS);
const lastOf = (chunk: number): number => chunk * CHUNK_COUNTS;
const placeOf = (count: number, chunk: number): number => count + CHUNK_COUNTS - 1 - chunk * CHUNK_COUNTS;

function countBits(bytes: Uint8Array): number {
  let counted = 0;
  for (let byte of bytes) for (; byte !== 0; byte &= byte - 1) counted++;
  return counted;
}

function lowestBit(bytes: Uint8Array): number {
  const index = bytes.findIndex((byte) => byte !== 0);
  const byte = bytes[index] as number;
  return 8 * index + 31 - Math.clz32(byte & -byte);
}

function highestBit(bytes: Uint8Array): number {
  const index = bytes.findLastIndex((byte) => byte !== 0);
  return 8 * index + 31 - Math.clz32(bytes[index] as number);
}

/** A copy without the zero bytes at its end. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return bytes.slice(0, length);
}
