import { describe, expect, test } from '@jest/globals';
import { formatLatency, Latency } from '@redis-messaging/shared/accounting/latency';
import { Span } from '@redis-messaging/shared/accounting/time-span';

const reportOf = (...micros: number[]) => {
  const latency = new Latency();
  for (const each of micros) latency.record(each);
  return latency.report();
};

describe('latency', () => {
  test('is not known before the first message', () => {
    expect(reportOf()).toEqual({ p50: null, p95: null, p99: null, max: null, negative: 0 });
  });

  test('of 100 messages, in ms: the 50th, 95th, 99th and last', () => {
    const micros = Array.from({ length: 100 }, (_, index) => (index + 1) * 10);
    expect(reportOf(...micros.reverse())).toEqual({ p50: 0.5, p95: 0.95, p99: 0.99, max: 1, negative: 0 });
  });

  test('of messages that arrive before they are made is counted apart', () => {
    expect(reportOf(-5, 700, -1)).toEqual({ p50: 0.7, p95: 0.7, p99: 0.7, max: 0.7, negative: 2 });
    expect(reportOf(-5)).toMatchObject({ p50: null, max: null, negative: 1 });
  });

  test.each([
    [0, 0.001],
    [0.4, 0.001],
    [1.6, 0.002],
    [20.4, 0.02],
  ])('of %s µs is booked as %s ms', (micros, ms) => {
    expect(reportOf(micros)).toMatchObject({ max: ms, negative: 0 });
  });

  test('is booked to three figures up to an hour, and beyond as an hour', () => {
    const hour = 3_600_000_000;
    const max = (micros: number) => reportOf(micros).max as number;
    expect(max(hour / 2) / 1000).toBeCloseTo(1800, -1);
    expect(max(hour) / 1000).toBeCloseTo(3600, -1);
    expect(max(24 * hour)).toBe(max(hour));
  });

  test('is shown in units that people read, and at the limit as more than an hour', () => {
    const hour = 3_600_000_000;
    expect(formatLatency(reportOf().p50)).toBe('-');
    expect(formatLatency(reportOf(340_000).p50)).toBe('340 ms');
    expect(formatLatency(reportOf(0.9 * hour).max)).toMatch(/^5[34] min/);
    for (const micros of [hour, 5 * hour]) expect(formatLatency(reportOf(micros).max)).toBe('> 1 h');
  });
});

describe('time span', () => {
  test('is of the first and the last message', () => {
    const span = new Span();
    expect(span.report()).toEqual({ firstAt: null, lastAt: null });
    span.mark(1_000_000);
    expect(span.report()).toEqual({ firstAt: '1970-01-01T00:00:01.000000Z', lastAt: '1970-01-01T00:00:01.000000Z' });
    span.mark(3_000_005);
    span.mark(2_000_000);
    expect(span.report()).toEqual({ firstAt: '1970-01-01T00:00:01.000000Z', lastAt: '1970-01-01T00:00:02.000000Z' });
  });

  test('may begin with 1970', () => {
    const span = new Span();
    span.mark(0);
    span.mark(1);
    expect(span.report().firstAt).toBe('1970-01-01T00:00:00.000000Z');
  });
});
