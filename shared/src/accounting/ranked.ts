/** Percentiles of some values by the nearest-rank method. @param values at least one @returns the value at a percentile, 0 to 100 */
export function ranked(values: readonly number[]): (percent: number) => number {
  const sorted = Float64Array.from(values).sort();
  // Multiplied first: 99.9 / 100 × 1000 is a little more than 999, whose ceiling is 1000.
  return (percent) => sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)] as number;
}
