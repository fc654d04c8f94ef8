import { markdownTable } from '@redis-messaging/shared/text/table';
import type { ExperimentResult, Results } from '../../measure/result.ts';
import { repeatCommand } from '../../options/repeat.ts';
import { cellText } from '../account-text.ts';
import { brokenIn, failuresOf, lossesOf, patternsOf, summaryLine } from '../digest.ts';
import { legend, MARKS } from '../marks.ts';

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
    ...listed('Failed', failuresOf(results)),
    ...listed('Not delivered, and why', lossesOf(results)),
    ...listed('Broken', brokenIn(results)),
    '',
    `Again: \`${repeatCommand(results)}\``,
    '',
  ].join('\n');
}

/** A Markdown table with its legend: for each question and pattern, what happened to the messages, and the mark. */
export function summaryTable(results: Results): string {
  const names = patternsOf(results);
  const rows = results.experiments.map((experiment) => [
    experiment.question,
    ...names.map((name) => cellOf(experiment, name)),
  ]);
  return [markdownTable(['', ...names.map((name) => `\`${name}\``)], rows), '', `${legend('emoji').join(';\n')}.`].join(
    '\n',
  );
}

function cellOf({ patterns, skipped, failed }: ExperimentResult, pattern: string): string {
  if (skipped) return 'left out';
  const measurement = patterns[pattern];
  if (!measurement) return failed?.[pattern] === undefined ? '' : 'failed';
  return `${cellText(measurement)} ${MARKS[measurement.verdict].emoji}`;
}

const listed = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line.replaceAll('\n', '\n  ')}`)];
