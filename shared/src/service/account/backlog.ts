import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Held } from '../../accounting/stats.ts';
import { sum } from '../../messaging/partitions/partitioning.ts';
import { timeLimit } from '../../messaging/time-limit.ts';
import type { Pattern } from '../../patterns/pattern.ts';
import type { Redis } from '../../redis/client.ts';

/** How long Redis may take to answer: ms. */
const PATIENCE_MS = 300;
/** ... when nobody can ask again. */
const LAST_PATIENCE_MS = 3000;

/** A partition of a topic, or all of it, with the client that reaches it. */
export interface Partition {
  readonly name: string;
  readonly redis: Redis;
}

/**
 * What Redis holds in all partitions; `null` for each figure if it does not answer now. For reports: never throws, never takes long.
 * @param abandon of the last figures of a service, which may take longer: aborts when it must end
 */
export async function heldIn(
  partitions: readonly Partition[],
  pattern: Pattern,
  group: string,
  abandon?: AbortSignal,
): Promise<Held> {
  const backlogs = () => partitions.map(({ name, redis }) => pattern.backlog(redis, name, group));
  const asked = partitions.every(({ redis }) => redis.isReady) ? Promise.all(backlogs()).then(sum, () => null) : null;
  const held = await Promise.race([asked, once(limitOf(abandon), 'abort').then(nothing)]);
  return {
    waiting: held?.waiting ?? null,
    inFlight: held?.inFlight ?? null,
    deadLetters: held?.dead ?? null,
    listeners: held?.listeners ?? null,
    wildcards: held?.wildcards ?? null,
    channels: held?.channels ?? null,
  };
}

function limitOf(abandon: AbortSignal | undefined): AbortSignal {
  return abandon && !abandon.aborted ? timeLimit(LAST_PATIENCE_MS, abandon) : timeLimit(PATIENCE_MS);
}

/** When this process itself stood still, answers may lie unread. */
async function nothing(): Promise<null> {
  await turn();
  return null;
}
