import type { DeadLetter } from '@redis-messaging/shared/delivery/dead-letters';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';

/** All dead letters of a pattern's topic, oldest first; none where a pattern keeps none. */
export async function allDeadLetters(redis: Redis, pattern: Pattern, topic: string): Promise<DeadLetter[]> {
  const all: DeadLetter[] = [];
  for await (const { letters } of pattern.deadLetters?.pages(redis, topic) ?? []) all.push(...letters);
  return all;
}
