import type { Delivery } from '../delivery/delivery.ts';

/** What one part takes in before the next one is begun. */
const PART = 500;

/** A stream's entry is known by its id, whatever object stands for it; else a delivery is itself. */
const keyOf = (delivery: Delivery): string | Delivery => delivery.id ?? delivery;

/**
 * The deliveries that a subscription has in flight, in parts that are let go as a whole. One map for all of them would live long, and
 * with it, at hundreds of thousands of messages a second, all that it ever held: V8 would move that into its old generation.
 */
export class InFlight implements Iterable<Delivery> {
  readonly #parts: Part[] = [];

  get size(): number {
    let size = 0;
    for (const { deliveries } of this.#parts) size += deliveries.size;
    return size;
  }

  /** @param key the id of a stream's entry, or a delivery without one */
  has(key: string | Delivery): boolean {
    return this.#parts.some(({ deliveries }) => deliveries.has(key));
  }

  hasAll(deliveries: readonly Delivery[]): boolean {
    return deliveries.every((delivery) => this.has(keyOf(delivery)));
  }

  /** Whether these are the oldest, in the order in which they were added. */
  beginsWith(deliveries: readonly Delivery[]): boolean {
    let from = 0;
    for (const part of this.#parts) {
      if (from >= deliveries.length) return true;
      const most = Math.min(part.deliveries.size, deliveries.length - from);
      if (!isBeginning(part, deliveries, from, most)) return false;
      from += most;
    }
    return from === deliveries.length;
  }

  add(deliveries: readonly Delivery[]): void {
    const part = this.#partForMore();
    part.takenIn += deliveries.length;
    for (const delivery of deliveries) part.deliveries.set(keyOf(delivery), delivery);
  }

  /** Those that are not in flight are left out. */
  remove(deliveries: readonly Delivery[]): void {
    for (let from = 0; from < deliveries.length; ) {
      const oldest = this.#parts[0];
      if (oldest && isBeginning(oldest, deliveries, from, oldest.deliveries.size)) {
        this.#parts.shift();
        from += oldest.deliveries.size;
      } else this.#removeOne(deliveries[from++] as Delivery);
    }
  }

  [Symbol.iterator](): Iterator<Delivery> {
    return this.#parts.flatMap(({ deliveries }) => [...deliveries.values()])[Symbol.iterator]();
  }

  #partForMore(): Part {
    const newest = this.#parts.at(-1);
    if (newest && newest.takenIn < PART) return newest;
    const part = { takenIn: 0, deliveries: new Map() };
    this.#parts.push(part);
    return part;
  }

  #removeOne(delivery: Delivery): void {
    const index = this.#parts.findIndex(({ deliveries }) => deliveries.delete(keyOf(delivery)));
    if (this.#parts[index]?.deliveries.size === 0) this.#parts.splice(index, 1);
  }
}

/** Whether a part begins with so many deliveries, from one place on. */
function isBeginning(part: Part, deliveries: readonly Delivery[], from: number, count: number): boolean {
  if (from + count > deliveries.length) return false;
  let at = from;
  for (const key of part.deliveries.keys()) {
    if (at === from + count) break;
    if (key !== keyOf(deliveries[at++] as Delivery)) return false;
  }
  return true;
}

interface Part {
  /** How many it has had. */
  takenIn: number;
  readonly deliveries: Map<string | Delivery, Delivery>;
}
