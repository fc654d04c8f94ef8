import { addressOf, type RedisOptions } from '../redis/options.ts';
import { asksForTls, type Config } from './config.ts';

/** How to reach Redis, from the configuration. */
export function redisOptions(config: Config, name: string): RedisOptions {
  const { REDIS_URL: url, REDIS_USERNAME: username } = config;
  const password = config.REDIS_PASSWORD || config.REDIS_PASSWORD_FILE;
  const tls = tlsOf(config);
  return {
    ...(url
      ? { url, ...(tls && { socket: tls }) }
      : { socket: { host: config.REDIS_HOST, port: config.REDIS_PORT, ...tls } }),
    ...(username && { username }),
    ...(password && { password }),
    name,
  };
}

/** What TLS needs, if it is used, and more than its defaults. The server is always asked for its certificate. */
function tlsOf(config: Config) {
  const { REDIS_TLS_CA: ca, REDIS_TLS_CERT: cert, REDIS_TLS_KEY: key, REDIS_TLS_SERVERNAME: servername } = config;
  if (!asksForTls(config)) return undefined;
  return {
    tls: true as const,
    ...(ca && { ca }),
    ...(cert && { cert, key }),
    ...(servername && { servername }),
  };
}

/** Where Redis is, fit to be shown: no user, no password. */
export const redisAddress = (config: Config): string => addressOf(redisOptions(config, ''));
