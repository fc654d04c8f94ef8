import { setTimeout as sleep } from 'node:timers/promises';

/** Time, passed in so that tests need not wait. */
export interface Clock {
  /** Steady ms. */
  now(): number;
  /** Resolves after `ms`, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const steadyClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

interface PaceOptions {
  /** From one message to the next; 0 = no waiting. */
  readonly intervalMs: number;
  /** How many messages in all; may be infinite. */
  readonly count: number;
  /** The most that is due at once. */
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Yields, for each message to make now, how much later than due it is: ms. Message n is due n intervals after the first, however long the work between takes,
 * so the pace does not drift; what is overdue comes at once, in batches. Ends after `count` messages or with the signal.
 */
export async function* pace({
  intervalMs,
  count,
  batch,
  signal,
  clock = steadyClock,
}: PaceOptions): AsyncGenerator<readonly number[]> {
  const start = clock.now();
  let made = 0;
  while (made < count && !signal.aborted) {
    const elapsed = clock.now() - start;
    const due = intervalMs === 0 ? Number.POSITIVE_INFINITY : Math.floor(elapsed / intervalMs) + 1;
    const now = Math.min(due - made, count - made, batch);
    if (now > 0) {
      const first = made;
      yield Array.from({ length: now }, (_, index) => (intervalMs === 0 ? 0 : elapsed - (first + index) * intervalMs));
      made += now;
    } else await clock.sleep(Math.max(1, start + made * intervalMs - clock.now()), signal);
  }
}
