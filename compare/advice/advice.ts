import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Need } from './needs.ts';

/** The measured speed of a pattern; `undefined` where nothing was measured. */
export interface Speed {
  /** ms, at `pace`. */
  readonly p99: number | undefined;
  /** Messages per second at which `p99` was measured. */
  readonly pace: number | undefined;
  /** The most messages per second, with one publisher and one subscriber. */
  readonly throughput: number | undefined;
}

/** A pattern as far as advice needs it. */
export interface Candidate {
  readonly name: string;
  readonly guarantees: Guarantees;
  readonly speed?: Speed | undefined;
}

/** Whether one pattern meets one need, and why. */
export interface Finding {
  readonly need: Need;
  /** `undefined`: not measured. */
  readonly met: boolean | undefined;
  readonly why: string;
  /** What the user must do, so that it is met. */
  readonly provided?: string;
}

/** How one pattern meets the needs. */
export interface Judged {
  readonly name: string;
  /** Whether no need is unmet. */
  readonly fits: boolean;
  /** Needs that were not measured: whether it meets them is not known. */
  readonly open: readonly Need[];
  readonly findings: readonly Finding[];
  /** What it promises beyond the needs. */
  readonly beyond: readonly string[];
}

/** Which patterns meet the needs, and which do not. */
export interface Advice {
  /** The patterns that fit, the best first: measured before not measured; then those that promise, and demand, the least. */
  readonly fitting: readonly Judged[];
  readonly others: readonly Judged[];
  /** If nothing fits: the needs that the closest patterns do not meet, and those patterns. */
  readonly inTheWay: readonly { readonly needs: readonly Need[]; readonly names: readonly string[] }[];
}
