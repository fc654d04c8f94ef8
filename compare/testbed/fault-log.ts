import type { Fault } from '../measure/result.ts';
import type { Load } from './load.ts';

/** The faults of one run: when they are injected, by the seed, and what was done when. */
export class FaultLog {
  /** What was done so far, in order. */
  readonly recorded: Fault[] = [];
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

  /** Notes something that is done to the system now. */
  record(what: string): void {
    this.recorded.push({ at: Date.now() - this.#beganAt, what });
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
}
