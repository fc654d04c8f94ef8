/** What lives no longer than this has not come back: ms. */
const QUICK_MS = 5000;
/** This many quick deaths in a row are too many. */
export const MOST_QUICK_DEATHS = 5;

/** Tells whether it is of use to start something again that has ended. */
export class QuickDeaths {
  #inARow = 0;

  /** Counts an end. @param livedMs for how long it was of use before @returns whether it has ended quickly too often in a row */
  areTooMany(livedMs: number): boolean {
    this.#inARow = livedMs < QUICK_MS ? this.#inARow + 1 : 0;
    return this.#inARow >= MOST_QUICK_DEATHS;
  }
}
