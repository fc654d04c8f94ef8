import type { ExperimentResult } from '../../measure/result.ts';
import { cellText } from '../account-text.ts';
import { html, type Markup } from './markup/markup.ts';
import { label } from './markup/pattern-label.ts';
import { renderMark } from './markup/verdict.ts';

/** The id of an experiment's section. */
export const sectionId = (index: number): string => `experiment-${index + 1}`;

/** The names of the patterns above the rows. */
export function renderHeads(names: readonly string[]): Markup {
  return html`<div class="row heads" aria-hidden="true"><span>Question</span>${names.map((name) => html`<span>${label(name, names)}</span>`)}</div>`;
}

/** What is seen of an experiment while it is folded: the question, and for each pattern what happened to its messages, and the mark. */
export function renderRow(
  { question, name, patterns, skipped, failed }: ExperimentResult,
  names: readonly string[],
): Markup {
  const cell = (pattern: string) => {
    const measurement = patterns[pattern];
    const content = measurement
      ? html`${unbroken(cellText(measurement))} ${renderMark(measurement.verdict)}`
      : html`${skipped ? 'left out' : failed?.[pattern] === undefined ? '-' : 'failed'}`;
    return html`<span class="cell"><span class="who">${label(pattern, names)}</span> <span class="what">${content}</span></span>`;
  };
  return html`<span class="row"><span class="question">${question} <code>${name}</code></span>${names.map(cell)}</span>`;
}

/** Keeps numbers on one line with their names and units. */
const unbroken = (text: string): string => text.replace(/(?<=p\d+) (?=\d)|(?<=\d) (?=ms\b|%)/g, '\u00a0');
