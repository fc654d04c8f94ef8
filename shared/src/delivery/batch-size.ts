/**
 * What one batch is meant to stay below: bytes. A subscriber of three patterns that keep messages has several batches in flight, with
 * the bytes and the texts of each: with 2 MB it stays below 130 MB for messages of 2 MB; with 4 MB it had 200 (tried).
 */
export const BATCH_BYTES = 2 * 1024 * 1024;
/** The most bytes of one message, if nothing else is said. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** How many the first batch takes; the next ones twice as many, as long as they are small. */
const FIRST_BATCH = 32;

/** How many messages to take at once, so that large ones do not fill the memory. */
export class BatchSize {
  readonly #limit: number;
  /** For the next batch. */
  current: number;

  /** @param limit the most, however small they are */
  constructor(limit: number) {
    this.#limit = limit;
    this.current = Math.min(FIRST_BATCH, limit);
  }

  /** Learns from a batch of at least one. */
  adapt(deliveries: readonly { readonly payload: Buffer }[]): void {
    const bytes = deliveries.reduce((sum, { payload }) => sum + payload.length, 0);
    const fitting = Math.floor((BATCH_BYTES / Math.max(1, bytes)) * deliveries.length);
    this.current = Math.max(1, Math.min(2 * this.current, fitting, this.#limit));
  }
}
