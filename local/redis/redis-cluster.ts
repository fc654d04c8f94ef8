import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import type { ServerProgram } from './find-server.ts';
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
const READY_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 50;

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

type Node = ReturnType<typeof clientOf>;

function clientOf(port: number, { username, password }: Pick<ServerOptions, 'username' | 'password'>) {
  const client = createClient({
    ...(username && { username }),
    ...(password && { password }),
    socket: { host: '127.0.0.1', port, reconnectStrategy: false },
  });
  return client.on('error', () => {}); // the commands tell
}

async function join(servers: readonly RedisServer[], primaries: number, access: Pick<ServerOptions, 'password'>) {
  const nodes = servers.map(({ port }) => clientOf(port, access));
  try {
    await Promise.all(nodes.map((node) => node.connect()));
    const [first] = nodes as [Node, ...Node[]];
    await Promise.all(nodes.map((node, index) => node.clusterSetConfigEpoch(index + 1)));
    await Promise.all(
      nodes.slice(0, primaries).map((node, index) => {
        const [start, next] = [index, index + 1].map((each) => Math.floor((each * SLOTS) / primaries));
        return node.clusterAddSlotsRange({ start: start as number, end: (next as number) - 1 });
      }),
    );
    await Promise.all(servers.slice(1).map(({ port }) => first.clusterMeet('127.0.0.1', port)));
    const ids = await Promise.all(nodes.map((node) => node.clusterMyId()));
    const know = (node: Node) => until(async () => ids.every(async (id) => (await node.clusterNodes()).includes(id)));
    await Promise.all(nodes.map(know));
    for (const [index, node] of nodes.slice(primaries).entries())
      await until(async () => (await node.clusterReplicate(ids[index % primaries] as string)) === 'OK');
    await Promise.all(nodes.map((node, index) => until(() => isReady(node, nodes.length, index >= primaries))));
  } finally {
    for (const node of nodes) if (node.isOpen) node.destroy();
  }
}

async function isReady(node: Node, servers: number, isReplica: boolean): Promise<boolean> {
  const info = await node.clusterInfo();
  if (!/cluster_state:ok/.test(info) || !info.includes(`cluster_known_nodes:${servers}`)) return false;
  return !isReplica || /master_link_status:up/.test(await node.info('replication'));
}

/** Waits until it is so; what is refused is not so yet. @throws after half a minute, with what was refused last */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await isSo().catch((error: Error) => error);
    if (answer === true) return;
    if (performance.now() > deadline) throw answer || new Error('the Cluster did not become ready');
    await sleep(LOOK_EVERY_MS);
  }
}
