import { isForPeople, type Logger } from './logger.ts';

/** How many lines may be written at once, and a second from then on. */
interface Limits {
  readonly burst: number;
  readonly perSecond: number;
}

/** More lines than this per second nobody reads: only their number is said. */
const FOR_PEOPLE: Limits = { burst: 200, perSecond: 0 };
const FOR_PROGRAMS: Limits = { burst: 10_000, perSecond: 1000 };

/**
 * Keeps a log from slowing its service down, and from burying what matters: a line for each message while there are not too many, else
 * a count of them per second. At LOG_LEVEL=debug all are written; below their level there are none to count.
 */
export class LogLimiter {
  readonly #onSuppressed: (lines: number) => void;
  readonly #log: Logger;
  readonly #unlimited: boolean;
  readonly #limits: Limits;
  #left: number;
  #suppressed = 0;
  #second = performance.now();

  /** @param onSuppressed told how many lines were left out, at most once a second */
  constructor(log: Logger, onSuppressed: (lines: number) => void) {
    this.#onSuppressed = onSuppressed;
    this.#log = log;
    this.#unlimited = log.isLevelEnabled('debug');
    this.#limits = isForPeople(log) ? FOR_PEOPLE : FOR_PROGRAMS;
    this.#left = this.#limits.burst;
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
    const isCalm = this.#suppressed < this.#limits.burst;
    this.#left = isCalm ? this.#limits.burst : this.#limits.perSecond;
    this.flush();
  }
}
