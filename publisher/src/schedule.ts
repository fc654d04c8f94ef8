import type { Tempo } from './tempo.ts';

/** When messages are due at one tempo. */
export class Schedule {
  readonly #start: number;
  readonly #intervalMs: number;
  /** When the last one was due by the schedule before. */
  readonly #before: number;
  #made = 0;

  /** @param start when the first is due: steady ms; infinite = never @param intervalMs 0 = all at once */
  private constructor(start: number, intervalMs: number, before: number) {
    this.#start = start;
    this.#intervalMs = intervalMs;
    this.#before = before;
  }

  static begin(now: number, tempo: Tempo, before = Number.NEGATIVE_INFINITY): Schedule {
    const start = tempo.isPaused ? Number.POSITIVE_INFINITY : Math.max(now, before + tempo.currentMs);
    return new Schedule(start, tempo.currentMs, before);
  }

  changed(now: number, tempo: Tempo): Schedule {
    if (this.#made === 0) return Schedule.begin(now, tempo, this.#before);
    return Schedule.begin(now, tempo, this.#intervalMs === 0 ? now : this.next - this.#intervalMs);
  }

  /** When the next one is due. */
  get next(): number {
    return this.#start + this.#made * this.#intervalMs;
  }

  /** Takes what is due. @returns how late each is: ms */
  take(now: number, most: number): readonly number[] {
    const [first, interval] = [this.#made, this.#intervalMs];
    const elapsed = now - this.#start;
    const due = dueAfter(elapsed, interval);
    const length = Math.max(0, Math.min(due - first, most));
    this.#made += length;
    return Array.from({ length }, (_, index) => (interval === 0 ? 0 : elapsed - (first + index) * interval));
  }
}

/** How many messages are due in all, when so many ms are over since the first one was. */
function dueAfter(elapsed: number, intervalMs: number): number {
  if (elapsed < 0) return 0;
  return intervalMs === 0 ? Number.POSITIVE_INFINITY : Math.floor(elapsed / intervalMs) + 1;
}
