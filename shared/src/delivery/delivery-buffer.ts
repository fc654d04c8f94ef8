import type { Delivery } from './delivery.ts';

/** The most that waits between a listener and its handler. */
const MAX_DELIVERIES = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Turns pushed deliveries into pulled batches, in bounded memory. When the handler is too slow, the oldest are dropped:
 * the newest then show the gap by their counts.
 */
export class DeliveryBuffer {
  #waiting: Delivery[] = [];
  #head = 0;
  #bytes = 0;
  #ended = false;
  #wake: () => void = () => {};
  readonly #onOverflow: (dropped: number, since: number) => void;

  /** @param onOverflow told how many deliveries were dropped, each time some are, and when the first of them arrived (µs since 1970) */
  constructor(onOverflow: (dropped: number, since: number) => void = () => {}) {
    this.#onOverflow = onOverflow;
  }

  /** Never throws, never waits. */
  push(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.#bytes += delivery.payload.length;
    if (this.#length > MAX_DELIVERIES || this.#bytes > MAX_BYTES) this.#dropOldest();
    this.#wake();
  }

  /** Nothing more will be pushed: the batches end once what waits has been taken. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /**
   * Waits for the next deliveries, in the order of their arrival.
   * @returns 1 to `limit`; `undefined` when it has ended and nothing waits
   */
  async take(limit: number): Promise<readonly Delivery[] | undefined> {
    while (this.#length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#take(limit);
  }

  get #length(): number {
    return this.#waiting.length - this.#head;
  }

  #take(size: number): readonly Delivery[] {
    const end = Math.min(this.#head + size, this.#waiting.length);
    const taken = this.#waiting.slice(this.#head, end);
    for (const delivery of taken) this.#bytes -= delivery.payload.length;
    this.#head = end;
    // What was taken must not stay in memory; half and half keeps the copying cheap.
    if (2 * this.#head >= this.#waiting.length) this.#compact();
    return taken;
  }

  /** Drops a tenth of what waits, so that a handler that stays slow is told now and then, not for every message. */
  #dropOldest(): void {
    const dropped = this.#take(Math.max(1, Math.floor(this.#length / 10)));
    this.#compact();
    this.#onOverflow(dropped.length, (dropped[0] as Delivery).receivedAt);
  }

  #compact(): void {
    this.#waiting = this.#waiting.slice(this.#head);
    this.#head = 0;
  }
}
