/** How many requests an address may make. */
interface Limits {
  /** This many at once … */
  readonly burst: number;
  /** … and this many per second from then on. */
  readonly perSecond: number;
  /** Steady ms, for tests. */
  readonly now?: () => number;
}

/** More addresses than this are not remembered: those that asked longest ago are forgotten. */
const MOST_ADDRESSES = 10_000;

/** A bucket of tokens for each address: a request takes one, time brings them back. */
export class RequestLimit {
  readonly #burstMs: number;
  readonly #tokenMs: number;
  readonly #now: () => number;
  /** When each bucket is full again; the last one that was taken from comes last. */
  readonly #fullAt = new Map<string, number>();

  constructor({ burst, perSecond, now = () => performance.now() }: Limits) {
    this.#tokenMs = 1000 / perSecond;
    this.#burstMs = burst * this.#tokenMs;
    this.#now = now;
  }

  /** Takes a token. @returns whether there was one */
  take(address: string): boolean {
    const now = this.#now();
    const fullAt = Math.max(now, this.#fullAt.get(address) ?? now) + this.#tokenMs;
    if (fullAt - now > this.#burstMs) return false;
    this.#fullAt.delete(address);
    this.#fullAt.set(address, fullAt);
    if (this.#fullAt.size > MOST_ADDRESSES) this.#fullAt.delete(this.#fullAt.keys().next().value as string);
    return true;
  }
}
