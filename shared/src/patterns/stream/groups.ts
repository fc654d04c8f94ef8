import type { Redis } from '../../redis/client.ts';
import { outcomeOf } from '../../redis/outcome.ts';

/** Makes a group, and the stream, if they are not there. @param start where a new group begins to read */
export async function ensureGroup(redis: Redis, key: string, group: string, start: '0' | '$'): Promise<void> {
  // Looked for first: when its memory is full, Redis refuses to make a group even if it is there.
  if ((await groupsOf(redis, key)).some(({ name }) => name === group)) return;
  try {
    await redis.xGroupCreate(key, group, start, { MKSTREAM: true });
  } catch (error) {
    if (!(error as Error).message.startsWith('BUSYGROUP')) throw error;
  }
}

/** What Redis tells of a stream's groups; none if there is no stream. */
export async function groupsOf(redis: Redis, key: string) {
  try {
    return await redis.xInfoGroups(key);
  } catch (error) {
    if (outcomeOf(error) === 'refused' && /no such key/.test((error as Error).message)) return [];
    throw error;
  }
}

/**
 * How many entries a group has not read yet. Redis has lost count where the group began in the middle, or entries were deleted, until
 * the group has caught up (`null`); and for good where a replica has taken over, which counts fewer as read than its primary did.
 */
export async function waitingFor(
  redis: Redis,
  key: string,
  group: Awaited<ReturnType<typeof groupsOf>>[number],
): Promise<number | null> {
  const lag = group.lag as number | null | undefined;
  if (!lag) return lag ?? null;
  const next = await redis.xRange(key, `(${group['last-delivered-id']}`, '+', { COUNT: 1 });
  return next?.length ? lag : 0;
}

/** A consumer's name is kept only while something is pending under it. */
export async function forgetIdleConsumer(redis: Redis, key: string, group: string, consumer: string): Promise<void> {
  if (!redis.isReady) return;
  const pending = await redis.xPendingRange(key, group, '-', '+', 1, { consumer });
  if (pending.length === 0) await redis.xGroupDelConsumer(key, group, consumer);
}
