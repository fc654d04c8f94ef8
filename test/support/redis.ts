import { type Connection, type ConnectionEvents, connect } from '@redis-messaging/shared/redis/connection';
import { findServer } from '../../local/redis/find-server.ts';
import { type RedisServer, type ServerOptions, startRedisServer } from '../../local/redis/redis-server.ts';

/** A Redis of a test's own, on a free port of the loopback address. `await using` stops it. */
export async function startRedis(options?: ServerOptions): Promise<RedisServer & AsyncDisposable> {
  const server = await startRedisServer(await findServer(console.error), options);
  return { ...server, [Symbol.asyncDispose]: () => server.stop() };
}

/** A connection to it for a test. `await using` closes it. @param user who connects, if it is not everybody's user */
export async function connectTo(
  port: number,
  events: Partial<ConnectionEvents> = {},
  user: { readonly username?: string; readonly password?: string } = {},
): Promise<Connection> {
  const options = { socket: { host: '127.0.0.1', port }, name: 'test', ...user };
  return await connect(options, events, new AbortController().signal);
}
