import type { ServerOptions } from '../new-client.ts';

/** The servers that messaging works with. */
export interface Servers {
  /** Where they are, fit to be shown: no user, no password. */
  readonly address: string;
  /** Whether each key has a server of its own. */
  readonly isCluster: boolean;
  /** How to reach the one that has a key, or a channel; '' = any of them, for what all of them pass on to each other. */
  optionsFor(key: string): ServerOptions;
}
