import { figure, renderTable } from '@redis-messaging/shared/table';
import type { Measurement, Results } from '../result.ts';

/** The table for the terminal: experiments as rows, patterns as columns; then every loss with its cause, and what is broken. */
export function renderTerminal(results: Results): string {
  const names = patternsOf(results);
  const rows = results.experiments
    .filter(({ skipped }) => !skipped)
    .map(({ name, patterns }) => [name, ...names.map((pattern) => cellOf(patterns[pattern]))]);
  const left = results.experiments.filter(({ skipped }) => skipped).map(({ name, skipped }) => `  ${name}: ${skipped}`);
  return [
    '',
    renderTable(['', ...names], rows),
    ...section('Left out:', left),
    ...section('Losses, and why:', lossesOf(results)),
    ...section('BROKEN:', brokenIn(results)),
    '',
    summaryLine(results),
  ].join('\n');
}

/** The patterns of which there is something. */
export function patternsOf({ experiments }: Results): string[] {
  return [...new Set(experiments.flatMap(({ patterns }) => Object.keys(patterns)))];
}

/** How many promises were kept and broken, in a sentence. */
export function summaryLine({ experiments, seed, seconds, interrupted }: Results): string {
  const all = experiments.flatMap(({ patterns }) => Object.values(patterns));
  const count = (verdict: string) => all.filter((measurement) => measurement.verdict === verdict).length;
  const end = interrupted ? 'stopped before the end' : 'all';
  return `${count('kept')} kept, ${count('broken')} broken, ${count('not promised')} not promised; seed ${seed}, ${seconds} s, ${end}`;
}

const WORDS = { kept: 'kept', broken: 'BROKEN', 'not promised': 'not promised' } as const;

function cellOf(measurement: Measurement | undefined): string {
  return measurement ? `${WORDS[measurement.verdict]}, ${measurement.headline}` : '-';
}

/** Every loss with its causes: a line for each experiment and pattern. */
export function lossesOf({ experiments }: Results): string[] {
  return experiments.flatMap(({ name, patterns }) =>
    Object.entries(patterns).flatMap(([pattern, { lost, causes }]) =>
      lost > 0
        ? [`  ${name}, ${pattern}: ${causes.map(({ cause, messages }) => `${figure(messages)} ${cause}`).join(', ')}`]
        : [],
    ),
  );
}

/** Every promise that does not hold. */
export function brokenIn({ experiments }: Results): string[] {
  return experiments.flatMap(({ name, patterns }) =>
    Object.entries(patterns).flatMap(([pattern, { claims }]) =>
      claims
        .filter(({ promised, holds }) => promised && !holds)
        .map(({ text }) => `  ${name}, ${pattern}: it does not hold that ${text}`),
    ),
  );
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];
