import type { Redis } from '@redis-messaging/shared/redis/client';

/** How often Redis was asked to execute a command since the last CONFIG RESETSTAT: `calls`, or those that failed or that it rejected. */
export async function countOf(
  redis: Redis,
  command: string,
  what: 'calls' | 'failed_calls' | 'rejected_calls' = 'calls',
): Promise<number> {
  const stats = await redis.info('commandstats');
  const line = stats.split('\r\n').find((each) => each.startsWith(`cmdstat_${command}:`));
  return Number(RegExp(`[:,]${what}=(\\d+)`).exec(line ?? '')?.[1] ?? 0);
}
