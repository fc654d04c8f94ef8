import type { Logger } from './logger.ts';

/** Lines that may be written before the limit bites. */
const BURST = 10_000;
const LINES_A_SECOND = 1000;

/**
 * Keeps a log from slowing its service down: a line for each message while there are not too many, else some lines a
 * second and a count of the others. At LOG_LEVEL=debug all are written; below their level there are none to count.
 */
export class LogLimiter {
  readonly #onSuppressed: (lines: number) => void;
  readonly #log: Logger;
  readonly #unlimited: boolean;
  #left = BURST;
  #suppressed = 0;
  #second = performance.now();

  /** @param onSuppressed told how many lines were left out, at most once a second */
  constructor(log: Logger, onSuppressed: (lines: number) => void) {
    this.#onSuppressed = onSuppressed;
    this.#log = log;
    this.#unlimited = log.isLevelEnabled('debug');
  }

  /** Whether a line of this level may be written now. What the log would show, if there were not so much of it, is counted. */
  take(level: 'info' | 'warn'): boolean {
    if (this.#unlimited) return true;
    if (!this.#log.isLevelEnabled(level)) return false;
    if (this.#left <= 0) this.#refill();
    if (this.#left <= 0) {
      this.#suppressed++;
      return false;
    }
    this.#left--;
    return true;
  }

  /** Reports what was left out and not reported yet. */
  flush(): void {
    if (this.#suppressed > 0) this.#onSuppressed(this.#suppressed);
    this.#suppressed = 0;
  }

  #refill(): void {
    const now = performance.now();
    if (now - this.#second < 1000) return;
    this.#second = now;
    this.#left = LINES_A_SECOND;
    this.flush();
  }
}
