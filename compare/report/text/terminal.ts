import { renderTable } from '@redis-messaging/shared/text/table';
import type { ExperimentResult, Results } from '../../measure/result.ts';
import { brokenIn, failuresOf, lossesOf, patternsOf, summaryLine } from '../digest.ts';

const WORDS = { kept: 'kept', broken: 'BROKEN', 'not promised': 'not promised' } as const;

/** The results for a terminal: experiments as rows, patterns as columns; then every loss with its cause, and every broken promise. */
export function renderTerminal(results: Results): string {
  const names = patternsOf(results);
  const rows = results.experiments
    .filter(({ skipped }) => !skipped)
    .map((experiment) => [experiment.name, ...names.map((pattern) => cellOf(experiment, pattern))]);
  const left = results.experiments.filter(({ skipped }) => skipped).map(({ name, skipped }) => `${name}: ${skipped}`);
  return [
    '',
    renderTable(['', ...names], rows),
    ...section('Left out:', left),
    ...section('Failed:', failuresOf(results)),
    ...section('Losses, and why:', lossesOf(results)),
    ...section('BROKEN:', brokenIn(results)),
    '',
    summaryLine(results),
  ].join('\n');
}

function cellOf({ patterns, failed }: ExperimentResult, pattern: string): string {
  const measurement = patterns[pattern];
  if (!measurement) return failed?.[pattern] === undefined ? '-' : 'failed';
  return `${WORDS[measurement.verdict]}, ${measurement.headline}`;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
