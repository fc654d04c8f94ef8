import { describe, expect, test } from '@jest/globals';
import { speedIn } from '../../compare/advice/speed.ts';
import { FAST_P99, FAST_PACE, PACE } from '../../compare/experiments/load/latency.ts';
import type { Results } from '../../compare/measure/result.ts';

const resultsWith = (figures: object, rate: unknown = 7): Results =>
  ({
    options: { rate },
    experiments: [
      { name: 'latency', patterns: { queue: { figures, latencyMs: { p99: 2 } } } },
      { name: 'throughput', patterns: { queue: { throughput: 9 } } },
    ],
  }) as unknown as Results;

const both = { [PACE]: 600, [FAST_PACE]: 5000, [FAST_P99]: 8 };

describe('the speed of a pattern', () => {
  test.each([
    [undefined, 2, 600],
    [600, 2, 600],
    [601, 8, 5000],
    [5000, 8, 5000],
    [5001, 8, 5000], // the nearest that there is
  ])('at %s messages per second is what was measured at the nearest pace that is not lower', (rate, p99, pace) => {
    expect(speedIn(resultsWith(both), 'queue', rate)).toEqual({ p99, pace, throughput: 9 });
  });

  test('is that of the only pace, or of the rate of all experiments, where no other was measured', () => {
    expect(speedIn(resultsWith({ [PACE]: 600 }), 'queue', 5000)).toMatchObject({ p99: 2, pace: 600 });
    expect(speedIn(resultsWith({}), 'queue', 5000)).toMatchObject({ p99: 2, pace: 7 });
    expect(speedIn(resultsWith({}, 'x'), 'queue')).toMatchObject({ p99: undefined, pace: undefined });
  });

  test('is not known of a pattern that was not there', () => {
    expect(speedIn(resultsWith(both), 'stream', 600)).toEqual({
      p99: undefined,
      pace: undefined,
      throughput: undefined,
    });
  });
});
