import { ErrorReply, type RedisClusterOptions } from 'redis';
import type { Redis, RedisOptions } from '../client.ts';
import { HopelessError } from '../outcome.ts';
import { askServers, inWords } from './ask-servers.ts';
import type { Address } from './following-client.ts';
import { mapped } from './sentinel.ts';
import type { Servers } from './servers.ts';

/** The options of node-redis' `createCluster` that are used. */
export type ClusterOptions = Pick<RedisClusterOptions, 'rootNodes' | 'defaults' | 'nodeAddressMap'>;

/** The rights (ACL) to find out which server has a key. */
export const CLUSTER_RIGHTS = ['cluster|keyslot', 'cluster|slots'] as const;

/** So many of its servers are named. */
const SHOWN = 3;
const DEFAULT_PORT = 6379;

/** The servers of a Cluster: who has a key's slot is asked for again before each attempt to connect. */
export function clusterServers({ rootNodes, defaults = {}, nodeAddressMap }: ClusterOptions): Servers {
  const roots = rootNodes.map(addressIn);
  const options = defaults as RedisOptions;
  /** Those that were there last, for when none of the first ones is. */
  let known: readonly Address[] = [];

  async function locate(key: string): Promise<Address> {
    const servers = [...known, ...roots];
    const { primaries, owner } = await askServers(servers, options, (redis) => ownerOf(redis, key));
    known = primaries.map((primary) => mapped(primary, nodeAddressMap));
    return mapped(owner, nodeAddressMap);
  }

  return {
    address: `the Cluster of ${inWords(roots.slice(0, SHOWN))}${roots.length > SHOWN ? ', …' : ''}`,
    isCluster: true,
    optionsFor: (key) => ({ ...options, locate: () => locate(key) }),
  };
}

async function ownerOf(redis: Redis, key: string): Promise<{ owner: Address; primaries: readonly Address[] }> {
  const [slot, ranges] = await Promise.all([redis.clusterKeySlot(key), redis.clusterSlots()]).catch((error) => {
    const isNoCluster = error instanceof ErrorReply && error.message.includes('cluster support disabled');
    throw isNoCluster ? new HopelessError(`${error.message}; name the servers of a Cluster`) : error;
  });
  const range = ranges.find(({ from, to }) => from <= slot && slot <= to);
  if (!range) throw new Error(`no server has slot ${slot}`);
  return { owner: range.master, primaries: ranges.map(({ master }) => master) };
}

function addressIn({ url, socket }: ClusterOptions['rootNodes'][number]): Address {
  if (url) {
    const { hostname, port } = new URL(url);
    return { host: hostname, port: Number(port) || DEFAULT_PORT };
  }
  const { host = 'localhost', port = DEFAULT_PORT } = (socket ?? {}) as Partial<Address>;
  return { host, port };
}
