/** Longer than this (ms) between two questions this process stood still, and what came meanwhile is yet to be read. */
const STANDSTILL_MS = 500;

/** Tells, whenever it is asked, for how long a number has not changed: ms. */
export function silenceOf(number: () => number): () => number {
  let before = Number.NaN;
  let since = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = number();
    const time = performance.now();
    if (now !== before || time - askedAt > STANDSTILL_MS) since = time;
    [before, askedAt] = [now, time];
    return time - since;
  };
}
