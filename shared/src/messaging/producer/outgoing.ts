import type { Payload } from '../../delivery/delivery.ts';
import type { Ticket } from './ticket.ts';

/**
 * Messages on their way that were sent together, or a part of them. Arrays in place of an object for each message: at hundreds of
 * thousands of messages a second, such objects cost the garbage collector more than all the rest.
 */
export interface Outgoing<Value> {
  values: readonly Value[];
  payloads: readonly Payload[];
  /** Only where Redis remembers them. */
  readonly ids: readonly string[] | undefined;
  readonly ticket: Ticket;
  /** The place of the first among those that were sent together. */
  readonly first: number;
  /** The place of the first among all messages of its producer. */
  readonly place: number;
}

/** The first `count` messages, and the others. */
export function split<Value>(outgoing: Outgoing<Value>, count: number): [Outgoing<Value>, Outgoing<Value>] {
  const { values, payloads, ids, ticket, first, place } = outgoing;
  return [
    {
      values: values.slice(0, count),
      payloads: payloads.slice(0, count),
      ids: ids?.slice(0, count),
      ticket,
      first,
      place,
    },
    {
      values: values.slice(count),
      payloads: payloads.slice(count),
      ids: ids?.slice(count),
      ticket,
      first: first + count,
      place: place + count,
    },
  ];
}

/** One batch to Redis. */
export class Batch<Value> {
  readonly parts: readonly Outgoing<Value>[];
  readonly ids: readonly string[] | undefined;
  values: readonly Value[];
  payloads: readonly Payload[];

  constructor(parts: readonly Outgoing<Value>[]) {
    const [only, ...others] = parts as [Outgoing<Value>, ...Outgoing<Value>[]];
    const isOne = others.length === 0; // mostly: then nothing is copied
    this.parts = parts;
    this.values = isOne ? only.values : parts.flatMap(({ values }) => values);
    this.payloads = isOne ? only.payloads : parts.flatMap(({ payloads }) => payloads);
    this.ids = only.ids && (isOne ? only.ids : parts.flatMap(({ ids }) => ids as readonly string[]));
  }

  get length(): number {
    return this.payloads.length;
  }

  /**
   * Lets go of the messages, once they are settled. What holds them may have come to the old generation of the garbage collector:
   * there it would keep them alive, and make them old as well, until the next full collection.
   */
  release(): void {
    for (const holder of [...this.parts, this]) {
      holder.values = [];
      holder.payloads = [];
    }
  }

  /** Takes the next batch from the front of what waits. @param most how many messages at the most @param bytes of payload at the most, if there are several */
  static takeFrom<Value>(waiting: Outgoing<Value>[], most: number, bytes: number): Batch<Value> {
    const parts: Outgoing<Value>[] = [];
    let messages = 0;
    let size = 0;
    let whole = 0;
    let rest: Outgoing<Value> | undefined;
    for (const outgoing of waiting) {
      let fitting = 0;
      for (const payload of outgoing.payloads) {
        size += payload.length;
        if (messages === most || (messages > 0 && size > bytes)) break;
        messages++;
        fitting++;
      }
      if (fitting < outgoing.payloads.length) {
        if (fitting > 0) {
          const [part, left] = split(outgoing, fitting);
          parts.push(part);
          rest = left;
        }
        break;
      }
      parts.push(outgoing);
      whole++;
    }
    waiting.splice(0, rest ? whole + 1 : whole, ...(rest ? [rest] : []));
    return new Batch(parts);
  }
}
