import type { Redis } from '@redis-messaging/shared/redis/client';

/** Whether a connection of an example is blocked in Redis at this moment (BRPOP, XREADGROUP BLOCK). */
export async function isBlocked(redis: Redis, name: string): Promise<boolean> {
  const clients = await redis.clientList();
  return clients.some((client) => client.name === `example:${name}` && client.flags.includes('b'));
}
