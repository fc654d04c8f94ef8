/** Lines that may be written before the limit bites. */
const BURST = 10_000;
const LINES_A_SECOND = 1000;

/**
 * Keeps a log from slowing its service down: a line for each message while there are not too many, else some lines a
 * second and a count of the others.
 */
export class LineBudget {
  readonly #onSuppressed: (lines: number) => void;
  readonly #unlimited: boolean;
  #left = BURST;
  #suppressed = 0;
  #second = performance.now();

  /**
   * @param onSuppressed told how many lines were left out, at most once a second
   * @param unlimited every line is written
   */
  constructor(onSuppressed: (lines: number) => void, unlimited = false) {
    this.#onSuppressed = onSuppressed;
    this.#unlimited = unlimited;
  }

  /** Whether a line may be written now; if not, it is counted. */
  take(): boolean {
    if (this.#unlimited) return true;
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
