import { afterAll, beforeAll } from '@jest/globals';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Connection } from '@redis-messaging/shared/redis/connection';
import type { RedisServer } from '../../local/redis/redis-server.ts';
import { connectTo, startRedis } from './redis.ts';

/** A Redis for the tests of one file, and a connection to it: there from before the first test until after the last. */
export function useRedis(): {
  readonly server: RedisServer;
  readonly connection: Connection;
  /** The connection's client. */
  readonly redis: Redis;
} {
  let server: RedisServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await startRedis();
    connection = await connectTo(server.port);
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });
  return {
    get server() {
      return server;
    },
    get connection() {
      return connection;
    },
    get redis() {
      return connection.client;
    },
  };
}
