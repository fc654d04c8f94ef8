/** The word that is most like another; `undefined` if none is like it: more than a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const distances = known.map((other) => [distance(word, other), other] as const);
  const [best] = distances.sort(([one], [other]) => one - other);
  return best && best[0] <= Math.max(1, Math.floor(Math.max(word.length, best[1].length) / 3)) ? best[1] : undefined;
}

/** How many letters must be changed, added, left out, or swapped with their neighbour, so that one word becomes the other. */
function distance(one: string, other: string): number {
  const rows: number[][] = Array.from({ length: one.length + 1 }, (_, row) => [row]);
  const at = (row: number, column: number) => rows[row]?.[column] ?? column;
  for (let row = 0; row <= one.length; row++) {
    for (let column = 0; column <= other.length; column++) {
      if (row === 0 || column === 0) {
        (rows[row] as number[])[column] = row + column;
        continue;
      }
      const change = one[row - 1] === other[column - 1] ? 0 : 1;
      const isSwap = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      (rows[row] as number[])[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + change,
        isSwap ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return at(one.length, other.length);
}
