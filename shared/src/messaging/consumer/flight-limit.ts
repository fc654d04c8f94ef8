import { BatchSize } from '../../delivery/batch-size.ts';
import type { Delivery } from '../../delivery/delivery.ts';

/** The most deliveries that wait for a handler; twice as many where the next ones are taken before these are handled. */
const MOST_WAITING = 500;
/** As many may wait as are handled in this time: ms. So little is in flight at a stop or crash. */
const AHEAD_MS = 100;

/**
 * How many messages a consumer may have in flight: those that its handlers work on, and as many more as are handled in 100 ms,
 * as measured. Before anything is measured, none more.
 */
export class FlightLimit {
  readonly #batch = new BatchSize(2 * MOST_WAITING);
  /** What handling one message took lately: ms; `undefined` before the first. */
  #handlingMs: number | undefined;

  /** Learns the size of what arrives. */
  arrived(deliveries: readonly Delivery[]): void {
    this.#batch.adapt(deliveries);
  }

  /** Learns how long handling took: ms for each of these messages. */
  handled(ms: number): void {
    const before = this.#handlingMs ?? ms;
    // What became slower counts at once, what became faster by and by.
    this.#handlingMs = ms > before ? ms : before + (ms - before) / 8;
  }

  /** The most in flight. @param free how many may be handled at a time now @param takesAhead whether some are taken before others are handled */
  current(free: number, takesAhead: boolean): number {
    if (free <= 0) return 0;
    if (this.#handlingMs === undefined) return free;
    const ahead = Math.floor((free * AHEAD_MS) / Math.max(this.#handlingMs, 0.001));
    return free + Math.min(ahead, this.#batch.current, takesAhead ? 2 * MOST_WAITING : MOST_WAITING);
  }
}
