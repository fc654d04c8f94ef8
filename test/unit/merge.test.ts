import { describe, expect, test } from '@jest/globals';
import { sum } from '../../compare/account/sum.ts';
import { merge } from '../../compare/measure/merge.ts';
import type { Measured } from '../../compare/measure/result.ts';

const run = (more: Partial<Measured> = {}): Measured => ({
  made: 100,
  accepted: 90,
  refused: 5,
  unconfirmed: 4,
  buffered: 1,
  audiences: 2,
  received: 80,
  waiting: 3,
  inFlight: 2,
  dead: 4,
  lost: 7,
  duplicated: 6,
  reordered: 5,
  foreignDead: 9,
  causes: [],
  throughput: null,
  latencyMs: null,
  latencyAt: null,
  timeline: null,
  figures: {},
  ...more,
});

describe('several runs as one', () => {
  test('one run is what it is', () => {
    const only = run({ throughput: 5 });
    expect(merge([only])).toBe(only);
  });

  test('counts are summed up', () => {
    const merged = merge([run(), run({ made: 1, accepted: 2, received: 3, lost: 4, duplicated: 5 }), run()]);
    expect(merged).toMatchObject({ made: 201, accepted: 182, received: 163, lost: 18, duplicated: 17 });
    expect(merged).toMatchObject({ refused: 15, unconfirmed: 12, buffered: 3, inFlight: 6, dead: 12, foreignDead: 27 });
    expect(merged).toMatchObject({ reordered: 15, waiting: 9 });
    expect(merged.audiences).toBe(2); // as many as in each
  });

  test.each([
    [[30, 9, 100], 30],
    [[9, 100], 100],
    [[null, 7, null], 7],
    [[null, null], null],
  ])('of throughputs %j the middle one counts: %s', (throughputs, middle) => {
    expect(merge(throughputs.map((throughput) => run({ throughput }))).throughput).toBe(middle);
  });

  test('of latencies the middle one counts, but of the longest the longest', () => {
    const latencies = [3, 1, 2].map((ms) => ({ p50: ms, p95: 10 * ms, p99: 100 * ms, max: 1000 * ms }));
    const merged = merge([...latencies.map((latencyMs) => run({ latencyMs })), run()]);
    expect(merged.latencyMs).toEqual({ p50: 2, p95: 20, p99: 200, max: 3000 });
    expect(merge([run(), run()]).latencyMs).toBeNull();
  });

  test('further figures are medians of those that are numbers', () => {
    const figures = [{ 'ms to recover': 5, note: 'x' }, { 'ms to recover': 1 }, { 'ms to recover': 3 }];
    expect(merge(figures.map((each) => run({ figures: each as Measured['figures'] }))).figures).toEqual({
      'ms to recover': 3,
      note: null,
    });
  });

  test('causes are summed up by name, in the order of their first appearance', () => {
    const causes = [
      [
        { cause: 'nobody was listening', messages: 3 },
        { cause: 'cut', messages: 1 },
      ],
      [
        { cause: 'crash', messages: 2 },
        { cause: 'nobody was listening', messages: 4 },
      ],
    ];
    expect(merge(causes.map((each) => run({ causes: each }))).causes).toEqual([
      { cause: 'nobody was listening', messages: 7 },
      { cause: 'cut', messages: 1 },
      { cause: 'crash', messages: 2 },
    ]);
  });

  test('charts are those of the first run', () => {
    const timeline = { bucketMs: 100, deliveries: [1, 2] };
    const latencyAt = [[50, 1]] as const;
    expect(merge([run({ timeline, latencyAt }), run()])).toMatchObject({ timeline, latencyAt });
  });
});

describe('a sum', () => {
  test('of none is 0', () => {
    expect([sum([]), sum([5]), sum([1, 2, -4])]).toEqual([0, 5, -1]);
  });
});
