/** A function that says yes the first time, and then once in `ms` milliseconds. */
export function throttle(ms: number): () => boolean {
  let next = 0;
  return () => {
    const now = performance.now();
    if (now < next) return false;
    next = now + ms;
    return true;
  };
}
