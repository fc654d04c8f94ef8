import type { Connection } from '@redis-messaging/shared/redis/connection';
import type { Environment } from '../../local/process/environment.ts';
import type { ServerProgram } from '../../local/redis/find-server.ts';
import { direct, ownerOf } from '../../local/redis/one-server.ts';
import { startRedisCluster } from '../../local/redis/redis-cluster.ts';
import { startRedisSentinel } from '../../local/redis/redis-sentinel.ts';
import type { RedisServer } from '../../local/redis/redis-server.ts';
import { adminOf, type LabRedis } from './lab-redis.ts';

/** Several private servers on loopback, that live as long as one run. */
export interface LabServers extends LabRedis {
  /** The primary that has the run's keys; then, of a Cluster, the other ones. */
  readonly primaries: readonly RedisServer[];
  /** The replica of the first one, if there are replicas. */
  readonly replica: RedisServer | undefined;
  /** Makes a server that was a primary, and has been restarted, a replica of the one that was its replica. */
  demote(server: RedisServer): Promise<void>;
}

/** Starts the servers of one run. @param tag the hash tag of the run's keys */
export type StartServers = (program: ServerProgram, tag: string, signal: AbortSignal) => Promise<LabServers>;

/** How long the primary is silent before Sentinels take it for dead: ms. As long as the nodes of the Cluster wait. */
const DOWN_AFTER_MS = 1500;
const SENTINELS = 3;

/** A Cluster. @param replicas of each primary */
export const clusterOf =
  (primaries: number, replicas: 0 | 1): StartServers =>
  async (program, tag, signal) => {
    const cluster = await startRedisCluster(program, { primaries, replicas });
    const { servers, stop } = cluster;
    return await opened(servers, stop, signal, `{${tag}}`, { REDIS_CLUSTER: addresses(servers) }, async () => {
      const owner = await ownerOf(`{${tag}}`, (servers[0] as RedisServer).port);
      const all = servers.slice(0, primaries);
      const first = all.find(({ port }) => port === owner.port) as RedisServer;
      return {
        primaries: [first, ...all.filter((server) => server !== first)],
        replica: servers[primaries + all.indexOf(first)],
        demote: async () => {}, // it finds out by itself
      };
    });
  };

/** A primary with a replica, and Sentinels that watch them. */
export const watchedBySentinels: StartServers = async (program, _tag, signal) => {
  const group = await startRedisSentinel(program, { replicas: 1, sentinels: SENTINELS, downAfterMs: DOWN_AFTER_MS });
  const { servers, sentinels, name, stop } = group;
  const env = { REDIS_SENTINELS: addresses(sentinels), REDIS_SENTINEL_NAME: name };
  return await opened(servers, stop, signal, '', env, async () => ({
    primaries: servers.slice(0, 1),
    replica: servers[1],
    demote: async ({ port }) => {
      const next = servers[1] as RedisServer;
      await direct(port, async (redis) => await redis.replicaOf('127.0.0.1', next.port)); // the Sentinels would do it later
    },
  }));
};

async function opened(
  servers: readonly RedisServer[],
  stop: () => Promise<void>,
  signal: AbortSignal,
  key: string,
  variables: Environment,
  roles: () => Promise<Pick<LabServers, 'primaries' | 'replica' | 'demote'>>,
): Promise<LabServers> {
  let connection: Connection | undefined;
  const end = async () => {
    await connection?.close();
    await stop();
  };
  try {
    const env = { ...servers[0]?.env, ...variables };
    connection = await adminOf(env, signal, key);
    return { env, admin: connection.client, endsWithRun: true, ...(await roles()), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

const addresses = (servers: readonly RedisServer[]) => servers.map(({ port }) => `127.0.0.1:${port}`).join();
