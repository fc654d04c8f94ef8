/** A wall clock that moved this far (ms) from the steady one has been set; the anchor is taken again. */
const SET_BY_MS = 5;

let anchor = performance.timeOrigin;

/**
 * The wall clock in µs since 1970. `Date.now()` has ms only, so this counts on the steady clock, from an anchor that is
 * taken again when somebody sets the wall clock.
 */
export function nowMicros(): number {
  const steady = performance.now();
  const wall = Date.now();
  if (Math.abs(anchor + steady - wall) > SET_BY_MS) anchor = wall - steady;
  return Math.round((anchor + steady) * 1000);
}
