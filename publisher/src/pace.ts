import { setTimeout as sleep } from 'node:timers/promises';

/** Time, passed in so that tests need not wait. */
export interface Clock {
  /** Steady ms. */
  now(): number;
  /** Resolves after `ms`, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const steadyClock: Clock = {
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
 * Yields how many messages to make now. Message n is due n intervals after the first, however long the work between takes,
 * so the pace does not drift; what is overdue comes at once, in batches. Ends after `count` messages or with the signal.
 */
export async function* pace({
  intervalMs,
  count,
  batch,
  signal,
  clock = steadyClock,
}: PaceOptions): AsyncGenerator<number> {
  const start = clock.now();
  let made = 0;
  while (made < count && !signal.aborted) {
    const due = intervalMs === 0 ? Number.POSITIVE_INFINITY : Math.floor((clock.now() - start) / intervalMs) + 1;
    const now = Math.min(due - made, count - made, batch);
    if (now > 0) {
      yield now;
      made += now;
    } else await clock.sleep(Math.max(1, start + made * intervalMs - clock.now()), signal);
  }
}
