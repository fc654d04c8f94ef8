import { addressOf, type RedisOptions } from '../options.ts';
import { type ClusterOptions, clusterServers } from './cluster.ts';
import { type SentinelOptions, sentinelServers } from './sentinel.ts';
import type { Servers } from './servers.ts';

/** One server; the primary that Sentinels name; or those of a Cluster. */
export function serversOf(options: RedisOptions | SentinelOptions | ClusterOptions): Servers {
  if ('sentinelRootNodes' in options) return sentinelServers(options);
  if ('rootNodes' in options) return clusterServers(options);
  return { address: addressOf(options), isCluster: false, optionsFor: () => options };
}
