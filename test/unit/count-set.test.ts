import { describe, expect, test } from '@jest/globals';
import { CHUNK_COUNTS, CountSet, type StoredCounts } from '@redis-messaging/shared/accounting/sessions/count-set';
import { seeded } from '../../testkit/random.ts';

/** As many chunks as are kept apart. */
const MOST = 4096;

const setOf = (counts: Iterable<number>) => {
  const set = new CountSet();
  for (const count of counts) set.add(count);
  return set;
};

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Counts as a sender makes them, some of which are missing, late or there again. */
function somehow(seed: number): number[] {
  const random = seeded(seed);
  const counts = from(random(3), 300 + random(2000)).filter(() => random(10) > random(4));
  for (let swap = 0; swap < 50; swap++) {
    const [one, other] = [random(counts.length), random(counts.length)];
    [counts[one], counts[other]] = [counts[other] as number, counts[one] as number];
  }
  return [...counts, ...counts.slice(0, random(100))];
}

/** Puts what has changed over what was stored before, as a store does. */
function merged(stored: StoredCounts, set: CountSet): StoredCounts {
  const { chunks, gone, completeHasChanged } = set.changes();
  const partial = new Map([...stored.partial, ...chunks]);
  for (const chunk of gone) partial.delete(chunk);
  return { complete: completeHasChanged ? set.stored().complete : stored.complete, partial };
}

describe('a set of counts', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('is as a plain set of numbers is (seed %i)', (seed) => {
    const plain = new Set<number>();
    const set = new CountSet();
    for (const count of somehow(seed)) {
      expect([count, set.add(count)]).toEqual([count, !plain.has(count)]);
      plain.add(count);
    }
    expect(set.size).toBe(plain.size);
    expect(set.bounds).toEqual([Math.min(...plain), Math.max(...plain)]);
    const random = seeded(seed);
    for (let step = 0; step < 50; step++) {
      const [one, other] = [random(2600), random(2600)];
      expect(set.has(one)).toBe(plain.has(one));
      const [first, last] = [Math.min(one, other), Math.max(one, other)];
      expect(set.countIn(first, last)).toBe([...plain].filter((count) => first <= count && count <= last).length);
    }
  });

  test.each([1, 2, 3])('is stored in changes, and read back as it was (seed %i)', (seed) => {
    let stored: StoredCounts = { complete: [], partial: new Map() };
    const set = new CountSet();
    for (const [step, count] of somehow(seed).entries()) {
      set.add(count);
      if (step % 97 === 0) stored = merged(stored, set);
    }
    stored = merged(stored, set);
    expect(stored).toEqual(set.stored());
    const again = new CountSet(stored);
    expect(again.stored()).toEqual(set.stored());
    expect([again.size, again.bounds]).toEqual([set.size, set.bounds]);
    expect(merged(stored, set)).toEqual(stored);
  });

  test.each([1, 2, 3])('takes in others: their union (seed %i)', (seed) => {
    const [one, two] = [somehow(seed), somehow(seed + 100)];
    const union = setOf(one);
    union.addAll(setOf(two).stored());
    expect(union.stored()).toEqual(setOf([...one, ...two]).stored());
  });

  test('what several share in turn is stored in a few bytes a message, whatever the gaps', () => {
    const set = new CountSet();
    let bytes = 0;
    for (let count = 1; count <= 100_000; count += 2) {
      set.add(count);
      for (const chunk of set.changes().chunks.values()) bytes += chunk.length;
    }
    expect(bytes / 50_000).toBeLessThanOrEqual(CHUNK_COUNTS / 8);
  });

  test('completes what is complete in another set, and says how much that was', () => {
    const odd = setOf(from(1, 1000).filter((count) => count % 2 === 1));
    const all = setOf(from(1, 1000));
    expect(odd.complete(all)).toBe(3 * (CHUNK_COUNTS / 2));
    expect(odd.countIn(1, 3 * CHUNK_COUNTS)).toBe(3 * CHUNK_COUNTS);
    expect(odd.has(1000)).toBe(false);
    const { chunks, gone, completeHasChanged } = odd.changes();
    expect([[...chunks.keys()], gone, completeHasChanged]).toEqual([[4], [1, 2, 3], true]);
  });

  test('with more gaps than are kept apart, the oldest counts as complete', () => {
    const set = new CountSet();
    for (let chunk = 0; chunk <= MOST; chunk++) set.add(1 + chunk * CHUNK_COUNTS);
    expect([set.has(2), set.has(2 + CHUNK_COUNTS)]).toEqual([true, false]);
    expect(set.stored().partial.size).toBe(MOST);
  });

  test('holds counts up to the largest there are', () => {
    const set = setOf([0, Number.MAX_SAFE_INTEGER - CHUNK_COUNTS]);
    expect(set.bounds).toEqual([0, Number.MAX_SAFE_INTEGER - CHUNK_COUNTS]);
    expect([set.size, new CountSet().bounds]).toEqual([2, undefined]);
  });
});
