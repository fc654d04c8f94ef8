import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Experiment } from '../experiments/experiment.ts';

/** What `npm run compare` is told. */
export interface Options {
  readonly patterns: readonly Pattern[];
  readonly experiments: readonly Experiment[];
  readonly messages: number;
  /** Messages a second. */
  readonly rate: number;
  /** Bytes. */
  readonly size: number;
  /** How many at the same time, in the experiments about that. */
  readonly subscribers: readonly number[];
  readonly seed: number;
  readonly repeat: number;
  readonly full: boolean;
  readonly peers: boolean;
  /** A Redis of somebody's; `undefined` = a private one. */
  readonly redis: string | undefined;
  /** Whether that Redis may hold other data. */
  readonly force: boolean;
  readonly out: string;
  readonly baseline: string | undefined;
}
