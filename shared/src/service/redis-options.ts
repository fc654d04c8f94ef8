import type { RedisSource } from '../messaging/connections.ts';
import type { RedisOptions } from '../redis/options.ts';
import type { ClusterOptions } from '../redis/servers/cluster.ts';
import type { SentinelOptions } from '../redis/servers/sentinel.ts';
import type { Servers } from '../redis/servers/servers.ts';
import { serversOf } from '../redis/servers/servers-of.ts';
import { asksForTls, type Config } from './config.ts';

/** How to reach Redis, from the configuration: one server, the primary that Sentinels name, or a Cluster. */
export function redisSource(
  config: Config,
  name: string,
): RedisSource & (RedisOptions | SentinelOptions | ClusterOptions) {
  const { REDIS_CLUSTER: cluster, REDIS_SENTINELS: sentinels, REDIS_SENTINEL_NAME: primary } = config;
  const password = config.REDIS_SENTINEL_PASSWORD_FILE;
  const tls = tlsOf(config);
  const socket = tls && { socket: tls };
  const each = { ...accessOf(config), ...socket, name };
  if (cluster.length > 0) return { rootNodes: cluster.map((address) => ({ socket: address })), defaults: each };
  if (sentinels.length === 0) return redisOptions(config, name);
  return {
    name: primary,
    sentinelRootNodes: [...sentinels],
    nodeClientOptions: each as NonNullable<SentinelOptions['nodeClientOptions']>,
    sentinelClientOptions: { ...socket, ...(password && { password }) } as NonNullable<
      SentinelOptions['sentinelClientOptions']
    >,
  };
}

/** The same, for those who connect to a server by themselves. */
export const redisServers = (config: Config, name: string): Servers => serversOf(redisSource(config, name));

/** Where Redis is, fit to be shown: no user, no password. */
export const redisAddress = (config: Config): string => redisServers(config, '').address;

/** How to reach one server, from the configuration. */
export function redisOptions(config: Config, name: string): RedisOptions {
  const { REDIS_URL: url, REDIS_HOST: host, REDIS_PORT: port } = config;
  const tls = tlsOf(config);
  return {
    ...(url ? { url, ...(tls && { socket: tls }) } : { socket: { host, port, ...tls } }),
    ...accessOf(config),
    name,
  };
}

function accessOf(config: Config): Pick<RedisOptions, 'username' | 'password'> {
  const username = config.REDIS_USERNAME;
  const password = config.REDIS_PASSWORD || config.REDIS_PASSWORD_FILE;
  return { ...(username && { username }), ...(password && { password }) };
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
