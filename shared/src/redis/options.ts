import { isIP } from 'node:net';
import type { RedisClientOptions } from 'redis';

/** The options of node-redis' `createClient`. */
export type RedisOptions = Omit<RedisClientOptions, 'RESP' | 'modules' | 'functions' | 'scripts'>;

/** The variables that ask for TLS, where REDIS_URL does not say whether it is used. */
export const TLS_VARIABLES = ['REDIS_TLS_CA', 'REDIS_TLS_CERT', 'REDIS_TLS_KEY', 'REDIS_TLS_SERVERNAME'] as const;

const DEFAULT_PORT = 6379;

/** Where a server is: a host and a port, or the path of a socket of this machine. */
export function placeOf({ url, socket }: RedisOptions): { host: string; port: number; path?: string | undefined } {
  if (url?.startsWith('unix:'))
    return { host: '', port: 0, path: url.replace(/^unix:\/\/([^/]*@)?/, '').replace(/\?.*/, '') };
  if (url && URL.canParse(url)) {
    const { hostname, port } = new URL(url);
    return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || DEFAULT_PORT) };
  }
  const { host = 'localhost', port = DEFAULT_PORT, path } = (socket ?? {}) as Partial<ReturnType<typeof placeOf>>;
  return { host, port, path };
}

/** Where Redis is, fit to be shown: no user, no password. */
export function addressOf(options: RedisOptions): string {
  const { host, port, path } = placeOf(options);
  return path ?? `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether connections with these options are made with TLS. */
export function usesTls({ url, socket }: RedisOptions): boolean {
  return url ? url.startsWith('rediss:') : (socket as { tls?: boolean } | undefined)?.tls === true;
}

/** The name by which a server is asked that has several certificates (SNI); `undefined` for an IP address, and without TLS. */
export function serverNameOf(options: RedisOptions): string | undefined {
  const { host } = placeOf(options);
  return usesTls(options) && !isIP(host) ? host : undefined;
}
