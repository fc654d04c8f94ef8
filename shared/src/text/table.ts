/**
 * Lines of text columns: the first to the left, all others to the right, as stats want it.
 * @param most characters of a line; a wider table comes in blocks, one below the other, of as many columns as fit
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  most = Number.POSITIVE_INFINITY,
): string {
  const table = [header, ...rows];
  const lines = linesOf(table);
  return (lines.every(({ length }) => length <= most) ? lines : blocksOf(table, most)).join('\n');
}

/** A table in several, each with the first column, and as many others as fit. */
function blocksOf(table: readonly (readonly string[])[], most: number): string[] {
  const blocks: number[][] = [];
  const textOf = (columns: readonly number[]) =>
    linesOf(table.map((cells) => [0, ...columns].map((column) => cells[column] ?? '')));
  for (let column = 1; column < (table[0]?.length ?? 0); column++) {
    const block = blocks.at(-1);
    if (block && textOf([...block, column]).every(({ length }) => length <= most)) block.push(column);
    else blocks.push([column]);
  }
  return blocks.map((columns) => textOf(columns).join('\n'));
}

function linesOf(lines: readonly (readonly string[])[]): string[] {
  const [header = []] = lines;
  const widths = header.map((_title, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ');
  return lines.map((cells) => `  ${line(cells)}`);
}

/** The same as a table of Markdown. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

// Made once: making a format costs ms, and that would show in the first latencies.
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const hundredths = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

/** A whole number with thousands separators, or `-` for what is not known. */
export const formatNumber = (value: number | null): string => (value === null ? '-' : whole.format(value));

const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Units of time, each with the one below it, to which it is rounded. */
const LONG = [
  ['d', DAY, 'h', HOUR],
  ['h', HOUR, 'min', MINUTE],
  ['min', MINUTE, 's', SECOND],
] as const;

/** Milliseconds as people read them: `0.25 ms`, `340 ms`, `1.2 s`, `5 h 23 min`. */
export function formatDuration(value: number | null): string {
  if (value === null) return '-';
  if (Math.round(value) < SECOND) return `${(value < 10 ? hundredths : whole).format(value)} ms`;
  for (const [unit, ms, below, belowMs] of LONG) {
    if (Math.round(value / SECOND) * SECOND < ms) continue;
    const rounded = Math.round(value / belowMs) * belowMs;
    const rest = (rounded % ms) / belowMs;
    return `${whole.format(Math.floor(rounded / ms))} ${unit}${rest > 0 ? ` ${rest} ${below}` : ''}`;
  }
  return `${(value < 9950 ? tenths : whole).format(value / SECOND)} s`;
}
