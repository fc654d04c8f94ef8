import type { ExperimentResult, Results } from '../../measure/result.ts';
import { cellText } from '../account-text.ts';
import { brokenIn, failuresOf, lossesOf, patternsOf, summaryLine } from '../digest.ts';
import { legend, MARKS } from '../marks.ts';
import { wrap, wrappedTable } from './wrapped-table.ts';

/** Columns of a terminal. */
const WIDTH = 100;
/** Of the experiments' names, and of a pattern's cells: five patterns fit, further ones come below. */
const NAME_WIDTH = 19;
const CELL_WIDTH = 14;
const PATTERNS = Math.floor((WIDTH - NAME_WIDTH) / (CELL_WIDTH + 2));

/** The results for a terminal: experiments as rows, patterns as columns; then every loss with its cause, and every broken promise. */
export function renderTerminal(results: Results): string {
  const left = results.experiments.filter(({ skipped }) => skipped).map(({ name, skipped }) => `${name}: ${skipped}`);
  return [
    '',
    ...tables(results).flatMap((table) => [table, '']),
    ...legend('sign'),
    ...section('Left out:', left),
    ...section('Failed:', failuresOf(results)),
    ...section('Not delivered, and why:', lossesOf(results)),
    ...section('BROKEN:', brokenIn(results)),
    '',
    ...wrap(summaryLine(results), WIDTH),
  ].join('\n');
}

function tables(results: Results): string[] {
  const names = patternsOf(results);
  const count = Math.ceil(names.length / PATTERNS);
  return Array.from({ length: count }, (_, index) => {
    const some = names.slice(index * PATTERNS, (index + 1) * PATTERNS);
    const rows = results.experiments
      .filter(({ skipped, patterns, failed }) => !skipped && some.some((name) => name in { ...patterns, ...failed }))
      .map((experiment) => [experiment.name, ...some.map((pattern) => cellOf(experiment, pattern))]);
    return wrappedTable(['', ...some], rows, [NAME_WIDTH, ...some.map(() => CELL_WIDTH)]);
  });
}

function cellOf({ patterns, failed }: ExperimentResult, pattern: string): string {
  const measurement = patterns[pattern];
  if (!measurement) return failed?.[pattern] === undefined ? '' : 'failed';
  return `${cellText(measurement).replaceAll('; ', '\n')} ${MARKS[measurement.verdict].sign}`;
}

/** Lines below a title, each wrapped; what a line goes on with is indented. */
const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0
    ? []
    : [
        '',
        title,
        ...lines.flatMap((line) => wrap(line, WIDTH - 4).map((part, index) => `${index > 0 ? '    ' : '  '}${part}`)),
      ];
