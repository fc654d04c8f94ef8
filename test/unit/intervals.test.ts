import { describe, expect, test } from '@jest/globals';
import { Intervals } from '@redis-messaging/shared/accounting/intervals';
import { seeded } from '../../testkit/random.ts';

/** As many ranges as are kept apart. */
const MOST = 10_000;

const intervalsOf = (...numbers: number[]) => {
  const intervals = new Intervals();
  for (const number of numbers) intervals.add(number);
  return intervals;
};

/** What a plain set says are the ranges. */
function rangesOf(set: ReadonlySet<number>): [number, number][] {
  const sorted = [...set].sort((one, other) => one - other);
  const starts = sorted.filter((number) => !set.has(number - 1));
  const ends = sorted.filter((number) => !set.has(number + 1));
  return starts.map((start, index) => [start, ends[index] as number]);
}

/** The numbers for which a set and the intervals differ. */
const differing = (intervals: Intervals, set: ReadonlySet<number>, below: number) =>
  Array.from({ length: below }, (_, number) => number).filter((number) => intervals.has(number) !== set.has(number));

describe('intervals', () => {
  test.each([
    ['nothing', [], []],
    ['one number', [5], [[5, 5]]],
    ['in order', [1, 2, 3], [[1, 3]]],
    ['backwards', [3, 2, 1], [[1, 3]]],
    [
      'a gap',
      [1, 3],
      [
        [1, 1],
        [3, 3],
      ],
    ],
    ['a gap that is filled', [1, 3, 2], [[1, 3]]],
    ['0', [0, 1], [[0, 1]]],
    [
      'a number before all others',
      [5, 1],
      [
        [1, 1],
        [5, 5],
      ],
    ],
    [
      'the end of the first of two ranges',
      [1, 9, 2],
      [
        [1, 2],
        [9, 9],
      ],
    ],
    [
      'the start of the last of two ranges',
      [1, 9, 8],
      [
        [1, 1],
        [8, 9],
      ],
    ],
    ['what is there', [1, 2, 3, 2, 1, 3], [[1, 3]]],
  ])('of %s', (_what, numbers, ranges) => {
    expect(intervalsOf(...numbers).toJSON()).toEqual(ranges);
  });

  test('has what was added, and neither what lies between nor beyond', () => {
    const intervals = intervalsOf(2, 3, 6);
    expect([0, 1, 2, 3, 4, 5, 6, 7].filter((number) => intervals.has(number))).toEqual([2, 3, 6]);
  });

  test('agree with a set in 20 random histories, also after they have been stored', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      let intervals = new Intervals();
      const set = new Set<number>();
      for (let step = 0; step < 500; step++) {
        const number = random(300);
        if (intervals.add(number) === set.has(number)) throw new Error(`seed ${seed}: wrong about ${number}`);
        set.add(number);
        if (random(50) === 0) intervals = new Intervals(JSON.parse(JSON.stringify(intervals)));
      }
      expect(intervals.toJSON()).toEqual(rangesOf(set));
      expect(intervals.size).toBe(rangesOf(set).length);
      expect(differing(intervals, set, 301)).toEqual([]);
    }
  });

  test('as stored do not change with the original', () => {
    const intervals = intervalsOf(1);
    const stored = intervals.toJSON();
    intervals.add(2);
    expect(stored).toEqual([[1, 1]]);
  });
});

describe('more gaps than are kept apart', () => {
  const everySecond = Array.from({ length: MOST }, (_, index) => 2 * index);

  test('at the limit nothing is forgotten', () => {
    expect(differing(intervalsOf(...everySecond), new Set(everySecond), 2 * MOST)).toEqual([]);
  });

  test('past it the oldest gap counts as present, and no other', () => {
    const intervals = intervalsOf(...everySecond, 2 * MOST);
    expect(intervals.size).toBe(MOST);
    expect(differing(intervals, new Set([...everySecond, 2 * MOST, 1]), 2 * MOST + 2)).toEqual([]);
    expect(intervals.add(1)).toBe(false);
    expect(intervals.add(3)).toBe(true);
  });

  test('each further gap costs the oldest one', () => {
    const numbers = Array.from({ length: MOST + 50 }, (_, index) => 2 * index);
    const intervals = intervalsOf(...numbers);
    expect(intervals.size).toBe(MOST);
    expect(intervals.toJSON()[0]).toEqual([0, 100]);
    expect(intervals.toJSON()[1]).toEqual([102, 102]);
  });

  test('what only continues a range forgets no gap', () => {
    const intervals = intervalsOf(...everySecond, 2 * MOST - 1);
    expect(intervals.has(1)).toBe(false);
    expect(intervals.size).toBe(MOST);
  });
});
