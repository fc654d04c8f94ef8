/** A word is broken only here, if it is too long for its column. */
const BREAKS = /(?<=-)/;

/** A table whose cells (of one or more lines) are wrapped, so that it is no wider than the given columns. An empty line stands between its rows. */
export function wrappedTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
): string {
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return [header, ...rows]
    .map((cells) => {
      const wrapped = cells.map((cell, column) => cell.split('\n').flatMap((part) => wrap(part, widths[column] ?? 0)));
      const height = Math.max(...wrapped.map(({ length }) => length));
      return Array.from({ length: height }, (_, index) =>
        line(wrapped.map((lines) => lines[index] ?? '')).trimEnd(),
      ).join('\n');
    })
    .join('\n\n');
}

/** A text in lines that are not longer than this, as far as its words allow. */
export function wrap(text: string, width: number): string[] {
  const parts = text.split(' ').flatMap((word) => {
    if (word.length <= width) return [{ part: word, glue: ' ' }];
    return word.split(BREAKS).map((part, index) => ({ part, glue: index === 0 ? ' ' : '' }));
  });
  const lines: string[] = [];
  for (const { part, glue } of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + glue.length + part.length <= width)
      lines[lines.length - 1] = last + glue + part;
    else lines.push(part);
  }
  return lines;
}
