/** Tells, whenever it is asked, for how long a number has not changed: ms. */
export function silenceOf(number: () => number): () => number {
  let before = Number.NaN;
  let since = 0;
  return () => {
    const now = number();
    if (now !== before) since = performance.now();
    before = now;
    return performance.now() - since;
  };
}
