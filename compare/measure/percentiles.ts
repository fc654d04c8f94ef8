import { ranked } from '@redis-messaging/shared/accounting/ranked';
import type { Percentiles } from './result.ts';

const CHARTED = [0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.9, 100];

/** Values at some percentiles, for a chart; `null` of none. */
export function distributionOf(values: readonly number[]): [percent: number, value: number][] | null {
  if (values.length === 0) return null;
  const at = ranked(values);
  return CHARTED.map((percent) => [percent, at(percent)]);
}

/** Percentiles of some values by the nearest-rank method; `null` of none. */
export function percentilesOf(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const at = ranked(values);
  return { p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}
