import { formatMicros } from './timestamp.ts';

/** When the first and the last message went by. */
export class Span {
  #first: number | undefined;
  #last: number | undefined;

  /** @param at µs since 1970 */
  mark(at: number): void {
    this.#first ??= at;
    this.#last = at;
  }

  /** ISO times; `null` before the first message. */
  report(): { firstAt: string | null; lastAt: string | null } {
    const iso = (at: number | undefined) => (at === undefined ? null : formatMicros(at));
    return { firstAt: iso(this.#first), lastAt: iso(this.#last) };
  }
}
