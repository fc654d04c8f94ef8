import { findServer } from './find-server.ts';
import { GIVEN, type LocalRedis, type RedisFacts } from './provide-redis.ts';
import { startRedisCluster } from './redis-cluster.ts';
import { newPassword } from './redis-server.ts';

const PRIMARIES = 3;

/**
 * A private Cluster of three primaries, each with a replica, and with a password. Prints where they are.
 * @param settings further lines for the configuration of each
 * @throws an Error if another Redis is named
 */
export async function provideCluster(
  config: Pick<RedisFacts, 'REDIS_PASSWORD' | 'REDIS_PASSWORD_FILE'>,
  say: (line: string) => void,
  settings: readonly string[] = [],
): Promise<LocalRedis> {
  const given = GIVEN.filter((name) => process.env[name]);
  if (given.length > 0)
    throw new Error(`--cluster starts a Cluster of its own; expected no ${given.join(', ')}, or no --cluster`);
  const program = await findServer(say);
  const password = config.REDIS_PASSWORD || config.REDIS_PASSWORD_FILE || newPassword();
  const { servers, stop } = await startRedisCluster(program, { primaries: PRIMARIES, replicas: 1, password, settings });
  const ports = servers.map(({ port }) => port);
  const [primaries, replicas] = [ports.slice(0, PRIMARIES).join(', '), ports.slice(PRIMARIES).join(', ')];
  say(
    `Redis: ${program.about}, a private Cluster that ends with this run: primaries on the ports ${primaries} of 127.0.0.1, replicas on ${replicas}`,
  );
  return {
    env: { ...servers[0]?.env, REDIS_CLUSTER: ports.map((port) => `127.0.0.1:${port}`).join(',') },
    servers,
    stop,
  };
}
