import type { Redis } from '@redis-messaging/shared/redis/client';

/** What Redis tells of itself (INFO), by the names of the fields. @param section without it, all usual ones */
export async function readInfo(redis: Redis, section?: string): Promise<ReadonlyMap<string, string>> {
  const fields = (await redis.info(section)).matchAll(/^(\w+):(.*)$/gm);
  return new Map(Array.from(fields, ([, name, value]) => [name as string, value as string]));
}
