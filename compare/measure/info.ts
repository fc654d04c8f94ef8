import type { Redis } from '@redis-messaging/shared/redis/client';

/** The fields of Redis' INFO. @param section without it, the default ones */
export async function readInfo(redis: Redis, section?: string): Promise<ReadonlyMap<string, string>> {
  const fields = (await redis.info(section)).matchAll(/^(\w+):(.*)$/gm);
  return new Map(Array.from(fields, ([, name, value]) => [name as string, value as string]));
}
