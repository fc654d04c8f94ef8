import type { Redis } from '../../redis/client.ts';

/**
 * Which process answers as Redis: another one may have lost data.
 * @returns its run id; `undefined` if it does not say. Throws like a command.
 */
export async function serverIdentity(redis: Redis): Promise<string | undefined> {
  return /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1];
}
