import { ErrorReply, type RedisClusterOptions } from 'redis';
import type { Redis } from '../client.ts';
import { placeOf, type RedisOptions } from '../options.ts';
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

/** The servers of a Cluster: who has a key's slot is asked for again before each attempt to connect. */
export function clusterServers({ rootNodes, defaults = {}, nodeAddressMap }: ClusterOptions): Servers {
  const roots = rootNodes.map(placeOf);
  const options = defaults as RedisOptions;
  /** Those that were there last, for when none of the first ones is. */
  let known: readonly Address[] = [];
  /** Stays the one that is asked first, so that those that any server will do for stay with it. */
  let answering: readonly Address[] = [];

  async function locate(key: string): Promise<Address> {
    const servers = [...answering, ...known, ...roots];
    const ask = async (redis: Redis, asked: Address) => ({ ...(await ownerOf(redis, key)), asked });
    const { primaries, owner, asked } = await askServers(servers, options, ask);
    answering = [asked];
    known = primaries.map((primary) => mapped(primary, nodeAddressMap));
    return key === '' ? asked : mapped(owner, nodeAddressMap);
  }

  return {
    address: `the Cluster of ${inWords(roots.slice(0, SHOWN))}${roots.length > SHOWN ? ', …' : ''}`,
    isCluster: true,
    optionsFor: (key) => ({ ...options, locate: () => locate(key) }),
  };
}

/** The slot of a key and the primary that has it, of all primaries, as one server of a Cluster says. @throws HopelessError if it is of none */
export async function ownerOf(
  redis: Redis,
  key: string,
): Promise<{ slot: number; owner: Address; primaries: readonly Address[] }> {
  const [slot, ranges] = await Promise.all([redis.clusterKeySlot(key), redis.clusterSlots()]).catch((error) => {
    const isNoCluster = error instanceof ErrorReply && error.message.includes('cluster support disabled');
    throw isNoCluster ? new HopelessError(`${error.message}; name the servers of a Cluster`) : error;
  });
  const range = ranges.find(({ from, to }) => from <= slot && slot <= to);
  if (!range) throw new Error(`no server has slot ${slot}`);
  return { slot, owner: range.master, primaries: ranges.map(({ master }) => master) };
}
