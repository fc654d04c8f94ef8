import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Environment } from '../../local/process/environment.ts';
import type { Claim, Findings, Measured } from '../measure/result.ts';
import type { Load } from '../testbed/load.ts';
import type { Testbed } from '../testbed/testbed.ts';

/** One question, asked of every pattern in the same way: a row of the table. */
export interface Experiment {
  /** The word in --experiments. */
  readonly name: string;
  readonly question: string;
  /** What is done, in words. */
  readonly steps: readonly string[];
  /** Whether it cannot be done to somebody's Redis, because it changes its settings or ends it. */
  readonly needsOwnRedis?: boolean;
  /** Lines for the configuration of a Redis of its own. */
  readonly ownSettings?: readonly string[];
  /** Where its load differs from the given one. */
  readonly load?: Partial<Load>;
  /** Further variables for its services. */
  readonly env?: Environment;
  /** Whether it can be done with peers, too. */
  readonly withPeers?: boolean;
  /** About how long it takes with the default options and all patterns, on two cores: seconds. */
  readonly seconds: number;
  run(testbed: Testbed): Promise<Findings>;
  /** The figure that says most; without it, what was lost and what came twice. */
  headline?(measured: Measured): string;
  /** What is to be expected of a pattern, and whether it was so. */
  claims(guarantees: Guarantees, measured: Measured): readonly Claim[];
}
