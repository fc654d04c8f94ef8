import type { Redis } from '@redis-messaging/shared/redis/client';
import type { CountedCause } from '../account/causes.ts';
import { cutOffCount } from '../account/further-causes.ts';
import type { Load } from './load.ts';

const LIMIT = 'client-output-buffer-limit';
/** Redis' own limit for Pub/Sub: bytes. */
const USUAL_LIMIT = 33_554_432;
/** A message that is not filled up has at least this many bytes. */
const LEAST_BYTES = 150;

/** What subscribers may have lost that Redis disconnected as too slow. @param disconnections how often their connections were lost */
export async function cutOffs(redis: Redis, { size }: Load, disconnections: number): Promise<CountedCause> {
  const settings: Record<string, string> = await redis.configGet(LIMIT).catch(() => ({})); // a server may forbid it
  const hard = Number(/pubsub (\d+)/.exec(settings[LIMIT] ?? '')?.[1] ?? USUAL_LIMIT);
  return cutOffCount(disconnections, hard, Math.max(size, LEAST_BYTES));
}
