/** Longer words may have two mistakes, shorter ones one. */
const SHORT = 6;

/** The word that somebody meant who wrote another: the one that is nearest, if it has few mistakes; `undefined` if there is none. Case is no mistake. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const most = written.length > SHORT ? 2 : 1;
  const candidates = words
    .filter((word) => Math.abs(word.length - written.length) <= most)
    .map((word) => ({ word, mistakes: mistakesIn(written.toUpperCase(), word.toUpperCase()) }))
    .filter(({ mistakes }) => mistakes <= most)
    .sort((a, b) => a.mistakes - b.mistakes);
  return candidates[0]?.word;
}

/** The fewest letters to add, to leave out, to replace, or to swap with the next, that make one word of another. */
function mistakesIn(written: string, meant: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: meant.length + 1 }, (_, index) => index);
  for (let row = 1; row <= written.length; row++) {
    const now = [row];
    for (let column = 1; column <= meant.length; column++) {
      const isSame = written[row - 1] === meant[column - 1];
      const isSwapped = written[row - 1] === meant[column - 2] && written[row - 2] === meant[column - 1];
      now[column] = Math.min(
        (now[column - 1] as number) + 1,
        (last[column] as number) + 1,
        (last[column - 1] as number) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = now;
  }
  return last[meant.length] as number;
}
