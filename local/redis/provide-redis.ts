import { TLS_VARIABLES } from '@redis-messaging/shared/redis/options';
import type { Config } from '@redis-messaging/shared/service/config';
import { findServer } from './find-server.ts';
import { freePort, isTaken, newPassword, type RedisServer, startRedisServer } from './redis-server.ts';

/** What the configuration says of Redis. */
export interface RedisFacts
  extends Pick<Config, 'REDIS_PORT' | 'REDIS_USERNAME' | 'REDIS_PASSWORD' | 'REDIS_PASSWORD_FILE'> {
  /** Where the one is that REDIS_URL or REDIS_HOST name, without credentials. */
  readonly address: string;
}

/** The variables that name a Redis; the first that is set wins. */
export const GIVEN = ['REDIS_CLUSTER', 'REDIS_SENTINELS', 'REDIS_URL', 'REDIS_HOST'];

/** The Redis of a local run. */
export interface LocalRedis {
  /** The environment variables with which services connect to it. */
  readonly env: NodeJS.ProcessEnv;
  /** The private ones: none if it is the user's, several if it is a Cluster. */
  readonly servers: readonly RedisServer[];
  /** Stops it, if it is ours. */
  stop(): Promise<void>;
}

/**
 * The Redis that REDIS_URL or REDIS_HOST name; else a private one, with a password. Prints which.
 * @param settings further lines for the configuration of a private one
 * @throws an Error if there is none, or it is to have what a private one has not
 */
export async function provideRedis(
  config: RedisFacts,
  say: (line: string) => void,
  settings: readonly string[] = [],
): Promise<LocalRedis> {
  const from = GIVEN.find((name) => process.env[name]);
  if (from) {
    say(`Redis: ${from === 'REDIS_URL' || from === 'REDIS_HOST' ? 'the one at ' : ''}${config.address}, from ${from}`);
    return { env: { REDIS_SHARED: process.env.REDIS_SHARED || 'on' }, servers: [], stop: async () => {} };
  }
  const forTls = TLS_VARIABLES.filter((name) => process.env[name]);
  if (forTls.length > 0)
    throw new Error(
      `${forTls.join(', ')}: a private Redis has no TLS; expected REDIS_URL or REDIS_HOST, or none of these`,
    );
  const program = await findServer(say);
  const server = await startRedisServer(program, {
    port: process.env.REDIS_PORT ? await wantedPort(config.REDIS_PORT, say) : undefined,
    username: config.REDIS_USERNAME || undefined,
    password: config.REDIS_PASSWORD || config.REDIS_PASSWORD_FILE || newPassword(),
    settings: [...settings, ...(config.REDIS_USERNAME ? ['user default off'] : [])],
  });
  say(`Redis: ${program.about}, a private one on 127.0.0.1:${server.port} that ends with this run`);
  return { env: server.env, servers: [server], stop: () => server.stop() };
}

async function wantedPort(port: number, say: (line: string) => void): Promise<number> {
  if (!(await isTaken(port))) return port;
  say(`Port ${port} is taken; set REDIS_HOST=localhost to use the server there. Using a free port instead`);
  return await freePort();
}
