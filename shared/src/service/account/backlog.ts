import { setTimeout as sleep } from 'node:timers/promises';
import type { Held } from '../../accounting/stats.ts';
import { sum } from '../../messaging/partitions/partitioning.ts';
import type { Pattern } from '../../patterns/pattern.ts';
import type { Redis } from '../../redis/client.ts';

const PATIENCE_MS = 300;

/** A partition of a topic, or all of it, with the client that reaches it. */
export interface Partition {
  readonly name: string;
  readonly redis: Redis;
}

/** What Redis holds in all partitions; `null` for each figure if it does not answer now. For reports: never throws, never takes long. */
export async function heldIn(partitions: readonly Partition[], pattern: Pattern, group: string): Promise<Held> {
  const backlogs = () => partitions.map(({ name, redis }) => pattern.backlog(redis, name, group));
  const asked = partitions.every(({ redis }) => redis.isReady) ? Promise.all(backlogs()).then(sum, () => null) : null;
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
