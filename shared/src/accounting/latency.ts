import { createHistogram } from 'node:perf_hooks';
import { formatDuration } from '../text/table.ts';

/** Latencies longer than this are booked as this: one hour, in µs. */
const LONGEST = 3_600_000_000;

/** Milliseconds; `null` before the first message. */
export interface LatencyReport {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  /** Messages that seem to have arrived before they were made: the clocks of sender and subscriber differ. Left out above. */
  readonly negative: number;
}

/** Latency from making a message to receiving it, in bounded memory, to three digits (Node's HDR histogram). */
export class Latency {
  readonly #histogram = createHistogram({ lowest: 1, highest: LONGEST, figures: 3 });
  #negative = 0;

  record(micros: number): void {
    if (micros < 0) this.#negative++;
    else this.#histogram.record(Math.min(Math.max(1, Math.round(micros)), LONGEST));
  }

  report(): LatencyReport {
    const some = this.#histogram.count > 0;
    const at = (percent: number) => (some ? this.#histogram.percentile(percent) / 1000 : null);
    return {
      p50: at(50),
      p95: at(95),
      p99: at(99),
      max: some ? this.#histogram.max / 1000 : null,
      negative: this.#negative,
    };
  }
}

/** A latency of a report as people read it. */
export const formatLatency = (ms: number | null): string =>
  ms !== null && ms >= LONGEST / 1000 ? '> 1 h' : formatDuration(ms);
