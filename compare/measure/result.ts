/**
 * The results of a comparison: the content of results.json. A change that a reader of an older file must know of raises
 * `version`; fields may be added at any time.
 */
export interface Results {
  readonly version: 1;
  /** ISO time. */
  readonly startedAt: string;
  readonly seconds: number;
  /** Whether it was stopped before all experiments had run. */
  readonly interrupted: boolean;
  readonly seed: number;
  readonly options: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** The command that repeats the run, where the seed and the options do not tell it. Not in older files. */
  readonly again?: string;
  readonly machine: Machine;
  readonly experiments: readonly ExperimentResult[];
}

/** Where it ran. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** "Redis 8.0.2" or "Valkey 8.1.0". */
  readonly redis: string;
  readonly project: string;
}

/** One experiment with every pattern: a row of the table. */
export interface ExperimentResult {
  /** The word in --experiments. */
  readonly name: string;
  readonly question: string;
  readonly steps: readonly string[];
  /** The faults that were injected, in order. */
  readonly faults: readonly Fault[];
  readonly seconds: number;
  /** By the patterns' names. */
  readonly patterns: Readonly<Record<string, Measurement>>;
  /** Why it was not run, or not to its end. */
  readonly skipped?: string;
  /** Why a peer has no result, by the peers' names. Not in older files. */
  readonly failed?: Readonly<Record<string, string>>;
}

export interface Fault {
  /** ms since the experiment began. */
  readonly at: number;
  readonly what: string;
}

/** Percentiles in ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Counts of a pattern's messages. accepted × audiences = received + lost + waiting + deadLettered. */
export interface Counts {
  /** Messages that the publisher made. */
  readonly published: number;
  /** Messages that Redis accepted. */
  readonly accepted: number;
  /** How many audiences should each get every message: one per subscriber or group, or 1 where all subscribers share. */
  readonly audiences: number;
  /** Messages that reached an audience, each counted once per audience. */
  readonly received: number;
  readonly lost: number;
  /** Deliveries of messages that had been delivered before. */
  readonly duplicated: number;
  /** Messages that were first delivered after a later one. */
  readonly reordered: number;
  readonly deadLettered: number;
  /** Waiting or in flight at the end. */
  readonly waiting: number;
  readonly causes: readonly Cause[];
}

/** Why messages were lost. */
export interface Cause {
  readonly cause: string;
  readonly messages: number;
}

/** The measurements of an experiment for one pattern, before the verdict. */
export interface Measured extends Counts {
  /** Messages per second, from the first sent to the last received; `null` where the rate was given. */
  readonly throughput: number | null;
  /** The time from when a message was due to its delivery; `null` if nothing was delivered. */
  readonly latencyMs: Percentiles | null;
  /** Latency at some percentiles, for a chart; `null` where only `latencyMs` is known. */
  readonly latencyAt: readonly (readonly [percent: number, ms: number])[] | null;
  /** Deliveries in each period since the experiment began, for a chart; `null` where they were not timed. */
  readonly timeline: Timeline | null;
  /** Further numbers of this experiment, by the names that tables show. */
  readonly figures: Readonly<Record<string, number | string | null>>;
}

/** What an experiment measured, by the patterns' names. */
export type Findings = Readonly<Record<string, Measured>>;

/** Deliveries over time. */
export interface Timeline {
  readonly bucketMs: number;
  readonly deliveries: readonly number[];
}

/**
 * `broken`: something that the pattern promises does not hold. Else `kept` or `not promised`, by whether the first claim of the
 * experiment is within the pattern's guarantees.
 */
export type Verdict = 'kept' | 'broken' | 'not promised';

export interface Measurement extends Measured {
  readonly verdict: Verdict;
  /** The most important number, in words. */
  readonly headline: string;
  readonly claims: readonly Claim[];
  /** With --repeat: the numbers of each run. */
  readonly runs?: readonly { readonly throughput: number | null; readonly p99: number | null }[];
}

/** A property, whether the pattern promises it, and whether it held. */
export interface Claim {
  readonly text: string;
  readonly promised: boolean;
  readonly holds: boolean;
}
