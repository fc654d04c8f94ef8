import { describe, expect, test } from '@jest/globals';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { useRedis } from '../support/use-redis.ts';
import { acknowledging } from './acknowledging.ts';
import { Bench } from './bench.ts';
import { delivering } from './delivering.ts';
import { failing } from './failing.ts';
import { losing } from './losing.ts';
import { owning } from './owning.ts';
import { publishing } from './publishing.ts';
import { stopping } from './stopping.ts';

/**
 * Every claim of a pattern's fact sheet is measured here, and must be what the sheet says: no more, no less. Where a pattern does
 * not promise something, what happens instead is checked, or there is nothing to check and no test.
 */
export function describePattern(pattern: Pattern, own: ReturnType<typeof useRedis>): void {
  describe(`pattern ${pattern.name}`, () => {
    const bench = new Bench(pattern, own);
    for (const part of [publishing, delivering, losing, stopping, acknowledging, failing, owning]) part(bench);

    test('all of this with no more than its rights: Redis has refused nothing', async () => {
      expect(await bench.denials()).toEqual([]);
    });
  });
}
