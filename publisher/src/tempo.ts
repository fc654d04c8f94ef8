/** How fast messages are made; can be changed while they are. */
export class Tempo {
  #intervalMs: number;
  #factor = 1;
  #isPaused = false;
  #further = 0;
  #change = new AbortController();
  /** How often it has been changed. */
  version = 0;

  /** @param intervalMs from one message to the next; 0 = no waiting @param stop ends all waiting */
  constructor(intervalMs: number, stop?: AbortSignal) {
    this.#intervalMs = intervalMs;
    stop?.addEventListener('abort', () => this.#change.abort(), { once: true });
  }

  /** From one message to the next at the factor 1: ms. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** 0.1 to 1: how fast time runs. */
  get factor(): number {
    return this.#factor;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** From one message to the next: ms. */
  get currentMs(): number {
    return this.#intervalMs / this.#factor;
  }

  /** Aborts with the next change. */
  get changed(): AbortSignal {
    return this.#change.signal;
  }

  set(change: { readonly intervalMs?: number; readonly factor?: number; readonly isPaused?: boolean }): void {
    this.#intervalMs = change.intervalMs ?? this.#intervalMs;
    this.#factor = change.factor ?? this.#factor;
    this.#isPaused = change.isPaused ?? this.#isPaused;
    this.version++;
    this.#wake();
  }

  /** Has further messages made at once, also while it is paused. */
  add(messages: number): void {
    this.#further += messages;
    this.#wake();
  }

  /** Takes some of the further messages. */
  take(most: number): number {
    const taken = Math.min(most, this.#further);
    this.#further -= taken;
    return taken;
  }

  #wake(): void {
    const before = this.#change;
    this.#change = new AbortController();
    before.abort();
  }
}
