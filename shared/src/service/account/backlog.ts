import { setTimeout as sleep } from 'node:timers/promises';
import type { Held } from '../../accounting/stats.ts';
import type { Pattern } from '../../patterns/pattern.ts';
import type { Redis } from '../../redis/client.ts';

const PATIENCE_MS = 300;

/** What Redis holds; `null` for each figure if it does not answer now. For reports: never throws, never takes long. */
export async function heldIn(redis: Redis, pattern: Pattern, topic: string, group: string): Promise<Held> {
  const asked = redis.isReady ? pattern.backlog(redis, topic, group).catch(() => null) : null;
  const held = await Promise.race([asked, sleep(PATIENCE_MS, null, { ref: false })]);
  return {
    waiting: held?.waiting ?? null,
    inFlight: held?.inFlight ?? null,
    deadLetters: held?.dead ?? null,
    listeners: held?.listeners ?? null,
    wildcards: held?.wildcards ?? null,
    channels: held?.channels ?? null,
  };
}
