import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Environment } from '../../local/process/environment.ts';
import type { Claim, Findings, Measured } from '../measure/result.ts';
import type { StartServers } from '../testbed/lab-servers.ts';
import type { Load } from '../testbed/load.ts';
import type { Testbed } from '../testbed/testbed.ts';

/** One question, put to every pattern in the same way: a row of the table. */
export interface Experiment {
  /** The word in --experiments. */
  readonly name: string;
  readonly question: string;
  /** The steps, in words. */
  readonly steps: readonly string[];
  /** Whether it cannot run on the user's Redis, because it changes its settings or kills it. */
  readonly needsOwnRedis?: boolean;
  /** Lines for the configuration of a Redis of its own. */
  readonly ownSettings?: readonly string[];
  /** Starts the servers that it needs where one Redis is not enough. */
  readonly servers?: StartServers;
  /** Where its load differs from the given one. */
  readonly load?: Partial<Load>;
  /** Further variables for its services. */
  readonly env?: Environment;
  /** Whether it can run with peers, too. */
  readonly withPeers?: boolean;
  /** About how long it takes with the default options and all patterns, on two cores: seconds. */
  readonly seconds: number;
  run(testbed: Testbed): Promise<Findings>;
  /** Whether it asks for figures: they are no promises, so nothing is kept. */
  readonly onlyMeasures?: boolean;
  /** The number that it is about, in words, where the counts of messages do not say it. */
  headline?(measured: Measured): string;
  /** What would be good, whether the pattern promises it, and whether it held. The first claim is the question's. */
  claims(guarantees: Guarantees, measured: Measured): readonly Claim[];
}
