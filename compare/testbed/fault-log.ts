import type { Moment } from '../measure/result.ts';
import type { Load } from './load.ts';

/** The faults of one run: when they are injected, by the seed, and what was done when. */
export class FaultLog {
  /** The faults so far, in order. */
  readonly recorded: Moment[] = [];
  /** What else was done so far, in order. */
  readonly events: Moment[] = [];
  readonly #beganAt: number;
  readonly #load: Load;
  readonly #random: () => number;

  /**
   * @param beganAt ms since 1970
   * @param random from 0 to below 1; repeatable
   */
  constructor(beganAt: number, load: Load, random: () => number) {
    this.#beganAt = beganAt;
    this.#load = load;
    this.#random = random;
  }

  /** Notes a fault that is injected now. @returns when: ms since 1970 */
  record(what: string): number {
    return this.#note(this.recorded, what);
  }

  /** Notes something else that is done now: a start, or the end of a fault. @returns when: ms since 1970 */
  event(what: string): number {
    return this.#note(this.events, what);
  }

  /**
   * Times in ascending order, from the seed: ms.
   * @param from as a part of the time that publishing takes at the given rate, as is `to`
   */
  moments(count: number, from: number, to: number): number[] {
    const spanMs = (1000 * this.#load.messages) / this.#load.rate;
    const part = () => from + this.#random() * (to - from);
    return Array.from({ length: count }, () => Math.round(spanMs * part())).sort((a, b) => a - b);
  }

  #note(list: Moment[], what: string): number {
    const now = Date.now();
    list.push({ at: now - this.#beganAt, what });
    return now;
  }
}
