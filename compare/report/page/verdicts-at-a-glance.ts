import type { ExperimentResult, Results } from '../../measure/result.ts';
import { patternsOf } from '../digest.ts';
import { html, type Markup } from './markup/markup.ts';
import { label } from './markup/pattern-label.ts';
import { renderVerdict } from './markup/verdict.ts';

/** The first table: a verdict for each question (rows) and pattern (columns). On a phone it is a list; the roles say that it is a table. */
export function renderVerdictsAtAGlance(results: Results): Markup {
  const names = patternsOf(results);
  const heads = names.map((name) => html`<th scope="col" role="columnheader">${label(name, names)}</th>`);
  return html`<section id="overview" aria-labelledby="overview-title">
<h2 id="overview-title">At a glance</h2>
<table class="overview" role="table" aria-labelledby="overview-title">
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Question</th>${heads}</tr></thead>
<tbody role="rowgroup">
${results.experiments.map((experiment, index) => overviewRow(experiment, index, names))}</tbody>
</table>
<p class="legend">${renderVerdict('kept')}: every promise of the pattern held. ${renderVerdict('broken')}: a promise of the
pattern did not hold. ${renderVerdict('not promised')}: outside this pattern's guarantees; every promise that it does make held.</p>
</section>`;
}

/** The id of an experiment's section. */
export const sectionId = (index: number): string => `experiment-${index + 1}`;

function overviewRow(experiment: ExperimentResult, index: number, names: readonly string[]): Markup {
  const { question, name, patterns, skipped, failed } = experiment;
  const cell = (pattern: string) => {
    const measurement = patterns[pattern];
    const content = measurement
      ? html`<a href="#${sectionId(index)}">${renderVerdict(measurement.verdict)}</a> <span class="headline">${unbroken(measurement.headline)}</span>`
      : html`<span class="headline">${skipped ? 'left out' : failed?.[pattern] === undefined ? '-' : 'failed'}</span>`;
    return html`<td role="cell"><span class="who" aria-hidden="true">${label(pattern, names)}</span><span class="what">${content}</span></td>`;
  };
  return html`<tr role="row"><th scope="row" role="rowheader"><a href="#${sectionId(index)}">${question}</a> <code>${name}</code></th>${names.map(cell)}</tr>\n`;
}

/** Keeps numbers on one line with their names and units. */
const unbroken = (text: string): string => text.replace(/(?<=p\d+) (?=\d)|(?<=\d) (?=ms\b)/g, '\u00a0');
