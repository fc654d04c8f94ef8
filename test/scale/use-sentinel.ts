import { afterAll, beforeAll } from '@jest/globals';
import { findServer } from '../../local/redis/find-server.ts';
import { direct } from '../../local/redis/one-server.ts';
import { type RedisSentinel, startRedisSentinel } from '../../local/redis/redis-sentinel.ts';
import { type RedisServer, startRedisServer } from '../../local/redis/redis-server.ts';
import { until } from '../../testkit/until.ts';

/** A primary with one replica, and three Sentinels, for the tests of one file. */
export function useSentinel() {
  let group: RedisSentinel;
  beforeAll(async () => {
    group = await startRedisSentinel(await findServer(console.error), { replicas: 1, sentinels: 3, downAfterMs: 3000 });
  });
  afterAll(async () => await group.stop());

  async function primary(): Promise<RedisServer> {
    const port = await group.primaryPort();
    return group.servers.find((server) => server.port === port) as RedisServer;
  }

  return {
    /** The options with which messaging finds the primary. */
    source: (name = group.name) => ({
      name,
      sentinelRootNodes: group.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    }),
    /** A Sentinel with a password, which none of the others knows of. `await using` stops it. */
    async alone(password: string): Promise<AsyncDisposable & Pick<RedisServer, 'port' | 'env'>> {
      const watch = `sentinel monitor ${group.name} 127.0.0.1 ${await group.primaryPort()} 2`;
      const options = { password, settings: [watch], args: ['--sentinel'] };
      const { port, env, stop } = await startRedisServer(await findServer(console.error), options);
      return { port, env, [Symbol.asyncDispose]: stop };
    },
    async replica(): Promise<RedisServer> {
      const { port } = await primary();
      return group.servers.find((server) => server.port !== port) as RedisServer;
    },
    /** Waits until the primary has its replica. */
    async replicated(): Promise<void> {
      await direct((await primary()).port, async (redis) => {
        await until('the replica', async () => /state=online/.test(await redis.info('replication')), 60_000);
      });
    },
    /** Kills the primary, waits for the next one, and starts the dead one again as its replica. @returns when it was killed: steady ms */
    async failover(): Promise<number> {
      const dying = await primary();
      process.kill(dying.pid, 'SIGKILL');
      const killedAt = performance.now();
      await until('another primary', async () => (await primary()).port !== dying.port, 90_000);
      Object.assign(dying, { pid: (await dying.restart()).pid });
      const { port } = await primary();
      await direct(dying.port, async (redis) => await redis.replicaOf('127.0.0.1', port)); // the Sentinels would do it later
      return killedAt;
    },
  };
}
