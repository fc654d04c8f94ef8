/** The version of results.json. A change that a reader of an older file must know of raises it; fields may be added at any time. */
export const VERSION = 2;

/** The results of a comparison: the content of results.json. */
export interface Results {
  readonly version: typeof VERSION;
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
  readonly faults: readonly Moment[];
  /** What else was done, such as a start, or the end of a fault, in order. */
  readonly events: readonly Moment[];
  readonly seconds: number;
  /** By the patterns' names. */
  readonly patterns: Readonly<Record<string, Measurement>>;
  /** Why it was not run, or not to its end. */
  readonly skipped?: string;
  /** Why a peer has no result, by the peers' names. Not in older files. */
  readonly failed?: Readonly<Record<string, string>>;
}

/** Something that was done to the system. */
export interface Moment {
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

/**
 * A pattern's messages, each in one place: made = accepted + refused + unconfirmed + buffered, and
 * accepted × audiences = received + waiting + inFlight + dead + lost.
 */
export interface Counts {
  /** Messages that publishers were told to make. */
  readonly made: number;
  /** Messages that Redis accepted. */
  readonly accepted: number;
  /** Messages that Redis certainly did not take, and that were not kept for another try. */
  readonly refused: number;
  /** The connection broke before Redis answered, and they did not turn up. */
  readonly unconfirmed: number;
  /** Still in their publisher. */
  readonly buffered: number;
  /** How many audiences should each get every message: one per subscriber or group, or 1 where all subscribers share. */
  readonly audiences: number;
  /** Messages that reached an audience, each counted once per audience. */
  readonly received: number;
  /** Waiting in Redis at the end. */
  readonly waiting: number;
  readonly inFlight: number;
  /** Among the dead letters. */
  readonly dead: number;
  readonly lost: number;
  /** Deliveries of messages that had been delivered before. */
  readonly duplicated: number;
  /** Messages that were first delivered after a later one. */
  readonly reordered: number;
  /** Dead letters that are not messages of the publishers. */
  readonly foreignDead: number;
  readonly causes: readonly Cause[];
}

/** Why messages did not arrive: they were lost, or did not get into Redis. Together as many as did not arrive. */
export interface Cause {
  /** `not explained`: there is no evidence of a cause. */
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
 * `broken`: something that the pattern promises does not hold, a loss has no explanation, or the account does not balance. Else
 * `loss outside the promise`: messages were lost or refused. Else `kept`: what is asked is promised, and holds. Else `not applicable`:
 * nothing is promised, or the experiment only measures.
 */
export type Verdict = 'kept' | 'broken' | 'loss outside the promise' | 'not applicable';

export interface Measurement extends Measured {
  readonly verdict: Verdict;
  /** The number that this experiment is about, in words, where the counts do not say it. */
  readonly headline?: string;
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
