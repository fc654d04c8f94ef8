import type { ExperimentResult, Results } from '../../measure/result.ts';
import { repeatCommand } from '../../options/repeat.ts';
import { cellText } from '../account-text.ts';
import { brokenIn, failuresOf, lossesOf, patternsOf, summaryLine } from '../digest.ts';
import { legend, MARKS } from '../marks.ts';
import { code, lines, Markdown, markdown, table } from './markdown.ts';

const NOTHING = markdown``;

/** The results for a decision record. All that comes from `results` is escaped. */
export function renderSummary(results: Results): Markdown {
  const { machine, startedAt } = results;
  return lines(
    markdown`# Redis messaging patterns, compared`,
    NOTHING,
    markdown`${startedAt.slice(0, 10)}, ${machine.redis}, Node ${machine.node.slice(1)}, ${machine.cores} cores (${machine.cpu}), ${machine.system}.`,
    markdown`${summaryLine(results)}.`,
    NOTHING,
    summaryTable(results),
    ...listed('Failed', failuresOf(results)),
    ...listed('Not delivered, and why', lossesOf(results)),
    ...listed('Broken', brokenIn(results)),
    NOTHING,
    markdown`Again: ${code(repeatCommand(results))}`,
    NOTHING,
  );
}

/** A table with its legend: for each question and pattern, what happened to the messages, and the mark. */
export function summaryTable(results: Results): Markdown {
  const names = patternsOf(results);
  const rows = results.experiments.map((experiment) => [
    experiment.question,
    ...names.map((name) => cellOf(experiment, name)),
  ]);
  return lines(table(['', ...names.map(code)], rows), NOTHING, new Markdown(`${legend('emoji').join(';\n')}.`));
}

function cellOf({ patterns, skipped, failed }: ExperimentResult, pattern: string): string {
  if (skipped) return 'left out';
  const measurement = patterns[pattern];
  if (!measurement) return failed?.[pattern] === undefined ? '' : 'failed';
  return `${cellText(measurement)} ${MARKS[measurement.verdict].emoji}`;
}

const listed = (title: string, all: readonly string[]): Markdown[] =>
  all.length === 0 ? [] : [NOTHING, markdown`## ${title}`, NOTHING, ...all.map((line) => markdown`- ${line}`)];
