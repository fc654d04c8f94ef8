/** Does up to a number of things at once, and keeps the others waiting. */
export class Pool {
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #limit: number;
  #busy = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns at once. A real pool also has a bound, and refuses more, or drops the oldest. */
  submit(work: () => Promise<void>): void {
    this.#waiting.push(work);
    this.#next();
  }

  #next(): void {
    if (this.#busy >= this.#limit) return;
    const work = this.#waiting.shift();
    if (!work) return;
    this.#busy += 1;
    work()
      .catch(() => {}) // a failure must not stop the others; a real pool counts it
      .finally(() => {
        this.#busy -= 1;
        this.#next();
      });
  }
}
