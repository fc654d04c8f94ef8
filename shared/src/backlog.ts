import { setTimeout as sleep } from 'node:timers/promises';
import type { Pattern } from './pattern.ts';
import type { Redis } from './redis.ts';

const PATIENCE_MS = 300;

/** How many messages wait in Redis; `null` if it does not answer now. For reports: never throws, never takes long. */
export async function waitingIn(redis: Redis, pattern: Pattern, topic: string, group: string): Promise<number | null> {
  if (!redis.isReady) return null;
  const answer = pattern.backlog(redis, topic, group).then(
    (backlog) => backlog.waiting,
    () => null,
  );
  return await Promise.race([answer, sleep(PATIENCE_MS, null, { ref: false })]);
}
