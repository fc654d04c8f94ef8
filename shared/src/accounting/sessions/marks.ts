/** From one mark to the next, at least: µs. */
const EVERY_US = 100_000;
/** Those of a minute, while messages come all the time: longer than it takes to notice that a connection is broken. */
const MOST = 600;

/** How far something had come at times: which count was the highest. */
export class Marks {
  readonly #marks: { readonly at: number; readonly count: number }[] = [];

  /** @param at µs since 1970 */
  add(at: number, count: number): void {
    const last = this.#marks.at(-1);
    if (last && at - last.at < EVERY_US) return;
    this.#marks.push({ at, count });
    if (this.#marks.length > MOST) this.#marks.shift();
  }

  /** The count at a time, or at a mark before it; of what is longer ago, the first that is known; `undefined` if there is none. @param at µs since 1970 */
  countAt(at: number): number | undefined {
    return (this.#marks.findLast((mark) => mark.at <= at) ?? this.#marks[0])?.count;
  }
}
