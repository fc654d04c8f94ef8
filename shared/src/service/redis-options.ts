import { addressOf, type RedisOptions } from '../redis/client.ts';
import type { Config } from './config.ts';

/** How to reach Redis, from the configuration. */
export function redisOptions(config: Config, name: string): RedisOptions {
  const { REDIS_URL: url, REDIS_USERNAME: username } = config;
  const password = config.REDIS_PASSWORD || config.REDIS_PASSWORD_FILE;
  return {
    ...(url ? { url } : { socket: { host: config.REDIS_HOST, port: config.REDIS_PORT } }),
    ...(username && { username }),
    ...(password && { password }),
    name,
  };
}

/** Where Redis is, fit to be shown: no user, no password. */
export const redisAddress = (config: Config): string => addressOf(redisOptions(config, ''));
