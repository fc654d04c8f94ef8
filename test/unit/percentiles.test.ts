import { describe, expect, test } from '@jest/globals';
import { distributionOf, percentilesOf } from '../../compare/measure/percentiles.ts';
import { seeded } from '../../testkit/random.ts';

/** The smallest value that at least so many percent of the values do not exceed. */
const smallest = (values: readonly number[], percent: number) =>
  Math.min(
    ...values.filter((value) => 100 * values.filter((other) => other <= value).length >= percent * values.length),
  );

describe('percentiles', () => {
  test('there are none of no values', () => {
    expect(percentilesOf([])).toBeNull();
    expect(distributionOf([])).toBeNull();
  });

  test('of one value are that', () => {
    expect(percentilesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 });
  });

  test.each([
    [[1, 2], { p50: 1, p95: 2, p99: 2, max: 2 }],
    [[3, 1, 2], { p50: 2, p95: 3, p99: 3, max: 3 }],
    [Array.from({ length: 100 }, (_, index) => index + 1), { p50: 50, p95: 95, p99: 99, max: 100 }],
    [Array.from({ length: 101 }, (_, index) => 101 - index), { p50: 51, p95: 96, p99: 100, max: 101 }],
    [[10, 9, 100], { p50: 10, p95: 100, p99: 100, max: 100 }], // as numbers, not as text
  ])('of %j by the nearest rank', (values, expected) => {
    expect(percentilesOf(values)).toEqual(expected);
  });

  test('agree with a plain count of random values', () => {
    const random = seeded(1);
    for (let length = 1; length <= 60; length++) {
      const values = Array.from({ length }, () => random(50));
      const [p50, p95, p99] = [smallest(values, 50), smallest(values, 95), smallest(values, 99)];
      expect(percentilesOf(values)).toEqual({ p50, p95, p99, max: Math.max(...values) });
    }
  });

  test('do not reorder the values', () => {
    const values = [3, 1, 2];
    percentilesOf(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('the distribution for a chart', () => {
  test('begins with the least value, ends with the largest, and looks closely at the tail', () => {
    const values = Array.from({ length: 1000 }, (_, index) => index + 1);
    expect(distributionOf(values)).toEqual([
      [0, 1],
      [5, 50],
      [10, 100],
      [20, 200],
      [30, 300],
      [40, 400],
      [50, 500],
      [60, 600],
      [70, 700],
      [80, 800],
      [90, 900],
      [95, 950],
      [98, 980],
      [99, 990],
      [99.5, 995],
      [99.9, 999],
      [100, 1000],
    ]);
  });
});
