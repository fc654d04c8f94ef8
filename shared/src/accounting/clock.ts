/** Long enough to see the wall clock tick, which it does every ms. */
const WATCH_FIRST_MS = 3;

/**
 * The wall clock in µs since 1970, which `Date.now()` tells in whole ms only: counted on the steady clock from an anchor.
 *
 * Each reading of both clocks says within which ms the anchor lies, and the anchor is moved into that. Where the wall clock
 * ticks this is exact, so after `WATCH_FIRST_MS` of watching at the start all processes of a machine agree to some µs; and
 * when somebody sets the wall clock, it is followed at once.
 */
export function createClock(
  steady: () => number = () => performance.now(),
  wall: () => number = () => Date.now(),
): () => number {
  let anchor = 0; // the first reading moves it
  function now(): number {
    const before = steady();
    const ms = wall();
    const after = steady(); // whoever is held up between two readings learns less, but nothing wrong
    if (anchor + after < ms) anchor = ms - after;
    else if (anchor + before >= ms + 1) anchor = ms + 1 - before;
    return Math.round((anchor + after) * 1000);
  }
  for (const end = steady() + WATCH_FIRST_MS; steady() < end; ) now();
  return now;
}

/** This process's wall clock in µs since 1970. */
export const nowMicros: () => number = createClock();
