/** Does so many things at once, and keeps the others waiting. */
export class Pool {
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #limit: number;
  #busy = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns at once. A real one also says what becomes of too many: refuse them, or drop the oldest. */
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
      .catch(() => {}) // one that fails must not cost the others; a real one counts it
      .finally(() => {
        this.#busy -= 1;
        this.#next();
      });
  }
}
