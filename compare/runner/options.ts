import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Environment } from '../../local/process/environment.ts';
import type { Experiment } from '../experiments/experiment.ts';

/** The options of `npm run compare`. */
export interface Options {
  readonly patterns: readonly Pattern[];
  readonly experiments: readonly Experiment[];
  readonly messages: number;
  /** Messages per second. */
  readonly rate: number;
  /** Bytes. */
  readonly size: number;
  /** How many subscribers at the same time, in the experiments about that. */
  readonly subscribers: readonly number[];
  readonly seed: number;
  readonly repeat: number;
  readonly full: boolean;
  readonly peers: boolean;
  /** The variables that lead to the user's Redis; `undefined` = a private one. */
  readonly redis: Environment | undefined;
  /** Whether that Redis may hold other data. */
  readonly force: boolean;
  readonly out: string;
  readonly baseline: string | undefined;
}
