import { markdownTable } from '@redis-messaging/shared/text/table';
import type { ExperimentResult, Results } from '../../measure/result.ts';
import { repeatCommand } from '../../options/repeat.ts';
import { brokenIn, failuresOf, lossesOf, patternsOf, summaryLine } from '../digest.ts';

const SIGNS = { kept: '✅', broken: '❌', 'not promised': '–' } as const;

/** The results for a decision record: Markdown. */
export function renderSummary(results: Results): string {
  const { machine, startedAt } = results;
  return [
    '# Redis messaging patterns, compared',
    '',
    `${startedAt.slice(0, 10)}, ${machine.redis}, Node ${machine.node.slice(1)}, ${machine.cores} cores (${machine.cpu}), ${machine.system}.`,
    `${summaryLine(results)}.`,
    '',
    summaryTable(results),
    '',
    "✅ every promise of the pattern held, ❌ one did not, – outside this pattern's guarantees.",
    ...listed('Failed', failuresOf(results)),
    ...listed('Losses, and why', lossesOf(results)),
    ...listed('Broken', brokenIn(results)),
    '',
    `Again: \`${repeatCommand(results)}\``,
    '',
  ].join('\n');
}

/** A Markdown table: for each question and pattern, the verdict and the most important number. */
export function summaryTable(results: Results): string {
  const names = patternsOf(results);
  const rows = results.experiments.map((experiment) => [
    experiment.question,
    ...names.map((name) => cellOf(experiment, name)),
  ]);
  return markdownTable(['', ...names.map((name) => `\`${name}\``)], rows);
}

function cellOf({ patterns, skipped, failed }: ExperimentResult, pattern: string): string {
  if (skipped) return 'left out';
  const measurement = patterns[pattern];
  if (!measurement) return failed?.[pattern] === undefined ? '' : 'failed';
  return `${SIGNS[measurement.verdict]} ${measurement.headline}`;
}

const listed = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line.replaceAll('\n', '\n  ')}`)];
