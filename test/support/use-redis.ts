import { afterAll, beforeAll } from '@jest/globals';
import type { Redis } from '@redis-messaging/shared/redis/connection';
import type { RedisServer } from '../../local/redis/redis-server.ts';
import { connectTo, startRedis } from './redis.ts';

/** A Redis for the tests of one file, and a connection to it: there from before the first test until after the last. */
export function useRedis(): { readonly server: RedisServer; readonly redis: Redis } {
  let server: RedisServer;
  let redis: Redis & AsyncDisposable;
  beforeAll(async () => {
    server = await startRedis();
    redis = await connectTo(server.port);
  });
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
    await server.stop();
  });
  return {
    get server() {
      return server;
    },
    get redis() {
      return redis;
    },
  };
}
