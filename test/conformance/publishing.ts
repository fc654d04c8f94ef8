import { expect, test } from '@jest/globals';
import { outcomeOf } from '@redis-messaging/shared/redis/outcome';
import { type Bench, numbered } from './bench.ts';

/** What Redis answers to what is published. */
export function publishing(bench: Bench): void {
  const { pattern, own } = bench;
  const { keepsUnread } = pattern.guarantees;

  test(`answers each payload of a batch: ${keepsUnread ? 'the length' : 'subscribers reached'}`, async () => {
    const topic = bench.topic();
    expect(await bench.publish(topic, ['a', 'b', 'c'])).toEqual(keepsUnread ? [1, 2, 3] : [0, 0, 0]);
    await bench.read(topic);
    expect(await bench.publish(topic, ['d'])).toEqual([keepsUnread ? expect.any(Number) : 1]);
  });

  if (!keepsUnread) return;

  test('a batch that Redis has no memory for is refused whole', async () => {
    const topic = bench.topic();
    const batch = Array.from({ length: 500 }, () => 'x'.repeat(2000));
    const used = Number(/used_memory:(\d+)/.exec(await own.redis.info('memory'))?.[1]);
    await own.redis.configSet({ maxmemory: String(used + 1_000_000), 'maxmemory-policy': 'noeviction' });
    let taken = 0;
    try {
      while (taken < 100) {
        await bench.publish(topic, batch);
        taken++;
      }
    } catch (error) {
      expect(outcomeOf(error)).toBe('refused');
    } finally {
      await own.redis.configSet({ maxmemory: '0' });
    }
    expect(taken).toBeLessThan(100);
    expect((await bench.backlog(topic)).waiting).toBe(500 * taken);
    await own.redis.del(topic);
  });

  test('once: what is published again under its id is left out; a refusal leaves no mark', async () => {
    const topic = bench.topic();
    const once = (from: number) => ({ ids: numbered(10, from), ttlMs: 60_000 });
    await own.redis.set(topic, 'something else');
    await expect(pattern.publish(bench.producer, topic, numbered(10), once(1))).rejects.toThrow('WRONGTYPE');
    await own.redis.del(topic);
    expect(await pattern.publish(bench.producer, topic, numbered(10), once(1))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    await pattern.publish(bench.producer, topic, numbered(10, 6), once(6)); // five of them again
    const reader = await bench.read(topic);
    expect(await bench.drained(topic, reader)).toEqual(numbered(15));
  });
}
