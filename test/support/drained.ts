import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { until } from '../../testkit/until.ts';

/** Waits until nothing of these patterns waits in Redis, and nothing is in anybody's hands. */
export async function untilDrained(redis: Redis, patterns: readonly Pattern[], timeout = 60_000): Promise<void> {
  for (const pattern of patterns.filter(({ guarantees }) => guarantees.keepsUnread)) {
    await until(
      `nothing of ${pattern.name} to wait or to be in flight`,
      async () => {
        const { waiting, inFlight } = await pattern.backlog(redis, pattern.topic.default, 'subscribers');
        return waiting === 0 && inFlight === 0;
      },
      timeout,
    );
  }
}
