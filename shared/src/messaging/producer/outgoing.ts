import type { Payload } from '../../delivery/delivery.ts';
import type { Ticket } from './ticket.ts';

/*
 * Classes, and arrays that `splice` makes, rather than literals: what was written as a literal and mostly lives as long as a batch,
 * V8 comes to make in its old generation, where it keeps its messages alive until the next full collection.
 * (`node --no-allocation-site-pretenuring` turns that off; `npm run publisher` has it, for the same in the client of Redis.)
 */

export const NONE: readonly never[] = Object.freeze([]);

function sumOf(numbers: readonly number[]): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

/**
 * Messages on their way that were sent together, or a part of them. Arrays in place of an object for each message: at hundreds of
 * thousands of messages a second, such objects cost the garbage collector more than all the rest.
 */
export class Outgoing<Value> {
  /** None where no observer wants to see them. */
  values: readonly Value[];
  payloads: readonly Payload[];
  /** Bytes of each payload. */
  readonly sizes: readonly number[];
  /** Bytes of all payloads. */
  readonly bytes: number;
  /** Only where Redis remembers them. */
  readonly ids: readonly string[] | undefined;
  readonly ticket: Ticket;
  /** The place of the first among those that were sent together. */
  readonly first: number;
  /** The place of the first among all messages of its producer. */
  readonly place: number;

  constructor(
    values: readonly Value[],
    payloads: readonly Payload[],
    sizes: readonly number[],
    ids: readonly string[] | undefined,
    ticket: Ticket,
    first: number,
    place: number,
  ) {
    this.values = values;
    this.payloads = payloads;
    this.sizes = sizes;
    this.bytes = sumOf(sizes);
    this.ids = ids;
    this.ticket = ticket;
    this.first = first;
    this.place = place;
  }

  get length(): number {
    return this.sizes.length;
  }

  /** A part of it: messages `from` (included) to `to` (not included). */
  slice(from: number, to?: number): Outgoing<Value> {
    return new Outgoing(
      this.values.slice(from, to),
      this.payloads.slice(from, to),
      this.sizes.slice(from, to),
      this.ids?.slice(from, to),
      this.ticket,
      this.first + from,
      this.place + from,
    );
  }
}

/** One batch to Redis. */
export class Batch<Value> {
  readonly parts: readonly Outgoing<Value>[];
  readonly ids: readonly string[] | undefined;
  readonly length: number;
  /** Bytes of all payloads. */
  readonly bytes: number;
  values: readonly Value[];
  payloads: readonly Payload[];

  constructor(parts: readonly Outgoing<Value>[]) {
    const only = parts[0] as Outgoing<Value>;
    const isOne = parts.length === 1; // mostly: then nothing is copied
    this.parts = parts;
    this.length = isOne ? only.length : sumOf(parts.map(({ length }) => length));
    this.bytes = isOne ? only.bytes : sumOf(parts.map(({ bytes }) => bytes));
    this.values = isOne ? only.values : parts.flatMap(({ values }) => values);
    this.payloads = isOne ? only.payloads : parts.flatMap(({ payloads }) => payloads);
    this.ids = only.ids && (isOne ? only.ids : parts.flatMap(({ ids }) => ids as readonly string[]));
  }

  /** Lets go of the messages, once they are settled. */
  release(): void {
    for (const part of this.parts) part.values = part.payloads = NONE;
    this.values = this.payloads = NONE;
  }

  /**
   * Takes the next batch from the front of what waits.
   * @param most how many messages at the most
   * @param bytes of payload at the most, if there are several messages
   */
  static takeFrom<Value>(waiting: Outgoing<Value>[], most: number, bytes: number): Batch<Value> {
    let messages = 0;
    let size = 0;
    let whole = 0;
    let fitting = 0;
    for (const { sizes } of waiting) {
      fitting = 0;
      for (const each of sizes) {
        size += each;
        if (messages === most || (messages > 0 && size > bytes)) break;
        messages++;
        fitting++;
      }
      if (fitting < sizes.length) break;
      fitting = 0;
      whole++;
    }
    const parts = waiting.splice(0, whole);
    const cut = waiting[0];
    if (cut && fitting > 0) {
      parts.push(cut.slice(0, fitting));
      waiting[0] = cut.slice(fitting);
    }
    return new Batch(parts);
  }
}
