import { MOST_SHOWN_PER_SECOND } from './protocol.ts';

/**
 * Says of how many messages each may be told: all, while they are at most MOST_SHOWN_PER_SECOND; then none, until a whole second
 * has had no more. So between two such times there are all or none, but for the second in which it changes.
 */
export class Rate {
  #second = Number.NEGATIVE_INFINITY;
  #messages = 0;
  #before = 0;

  /** Counts messages. @param now steady ms @returns of how many of them, from the first on, each may be told */
  take(messages: number, now: number): number {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#before = second === this.#second + 1 ? this.#messages : 0;
      this.#second = second;
      this.#messages = 0;
    }
    const room = this.#before > MOST_SHOWN_PER_SECOND ? 0 : MOST_SHOWN_PER_SECOND - this.#messages;
    this.#messages += messages;
    return Math.max(0, Math.min(messages, room));
  }
}
