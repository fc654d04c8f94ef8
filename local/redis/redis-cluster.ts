import type { Redis } from '@redis-messaging/shared/redis/client';
import type { ServerProgram } from './find-server.ts';
import { openTo, untilReady } from './one-server.ts';
import { type RedisServer, type ServerOptions, startRedisServer } from './redis-server.ts';

/** A private Redis Cluster on loopback. */
export interface RedisCluster {
  /** The primaries first, as they were at the start; a replica of each behind them, in the same order. */
  readonly servers: readonly RedisServer[];
  readonly primaries: number;
  /** Stops all of its servers. */
  stop(): Promise<void>;
}

/** How to run a private Cluster. */
export interface ClusterLayout extends Pick<ServerOptions, 'username' | 'password' | 'settings'> {
  readonly primaries: number;
  /** Of each primary. */
  readonly replicas: 0 | 1;
}

const SLOTS = 16_384;
/** Waits until it is so with the Cluster. */
const until = (isSo: () => Promise<boolean>) => untilReady('the Cluster', isSo);

const SETTINGS = [
  'cluster-enabled yes',
  'cluster-node-timeout 1500',
  'repl-diskless-sync-delay 0', // replicas are there at once
  'cluster-require-full-coverage no', // what the other primaries have can be read and written all the same
];

/** Starts the servers of a Cluster, and makes one of them. Resolves once each primary serves its slots, and has its replica. */
export async function startRedisCluster(program: ServerProgram, layout: ClusterLayout): Promise<RedisCluster> {
  const { primaries, replicas, settings = [], ...access } = layout;
  const { password, username } = access;
  const auth = password
    ? [`masterauth ${JSON.stringify(password)}`, ...(username ? [`masteruser ${username}`] : [])]
    : [];
  const options = { ...access, settings: [...SETTINGS, ...auth, ...settings] };
  const starting = Array.from({ length: primaries * (1 + replicas) }, () => startRedisServer(program, options));
  const started = await Promise.allSettled(starting);
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  try {
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    await join(servers, primaries, access);
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, primaries, stop };
}

async function join(servers: readonly RedisServer[], primaries: number, access: Pick<ServerOptions, 'password'>) {
  const nodes = await Promise.all(servers.map(({ port }) => openTo(port, access)));
  try {
    const [first] = nodes as [Redis, ...Redis[]];
    await Promise.all(nodes.map((node, index) => node.clusterSetConfigEpoch(index + 1)));
    await Promise.all(
      nodes.slice(0, primaries).map((node, index) => {
        const [start, next] = [index, index + 1].map((each) => Math.floor((each * SLOTS) / primaries));
        return node.clusterAddSlotsRange({ start: start as number, end: (next as number) - 1 });
      }),
    );
    await Promise.all(servers.slice(1).map(({ port }) => first.clusterMeet('127.0.0.1', port)));
    const ids = await Promise.all(nodes.map((node) => node.clusterMyId()));
    const knowsAll = async (node: Redis) => {
      const known = await node.clusterNodes();
      return ids.every((id) => known.includes(id));
    };
    await Promise.all(nodes.map((node) => until(() => knowsAll(node))));
    for (const [index, node] of nodes.slice(primaries).entries())
      await until(async () => (await node.clusterReplicate(ids[index % primaries] as string)) === 'OK');
    await Promise.all(nodes.map((node, index) => until(() => isReady(node, nodes.length, index >= primaries))));
  } finally {
    for (const node of nodes) if (node.isOpen) node.destroy();
  }
}

async function isReady(node: Redis, servers: number, isReplica: boolean): Promise<boolean> {
  const info = await node.clusterInfo();
  if (!/cluster_state:ok/.test(info) || !info.includes(`cluster_known_nodes:${servers}`)) return false;
  return !isReplica || /master_link_status:up/.test(await node.info('replication'));
}
