import type { ExperimentResult, Results, Verdict } from '../measure/result.ts';
import { type Chart, percent, shareChart, shareOf, withFaults } from './charts.ts';
import { countVerdicts, patternsOf } from './digest.ts';
import { renderFigure } from './figure.ts';
import { html, type Markup } from './markup.ts';
import { label } from './patterns.ts';
import { repeatCommand } from './repeat.ts';
import { foldedTable } from './table.ts';
import { renderVerdict } from './verdicts.ts';

const GIGABYTE = 1e9;

/** Title, verdicts in one line, where and when it ran, and how to repeat it. */
export function renderHeader(results: Results): Markup {
  const { machine, startedAt, seconds, seed, interrupted } = results;
  const facts = {
    When: `${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${seconds} s`,
    Machine: `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / GIGABYTE)} GB, ${machine.system}`,
    Versions: `${machine.redis}, Node.js ${machine.node}, project ${machine.project}`,
    Seed: `${seed}`,
  };
  return html`<header>
<h1>Redis messaging patterns, compared</h1>
<p class="lead">The same load and the same faults for every pattern, and what came of each promise.</p>
<p class="tally">${tally(results)}</p>
${interrupted ? html`<p class="note"><strong>Stopped before the end:</strong> this is what there was until then.</p>` : undefined}
<dl class="facts">${Object.entries(facts).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
<div class="again"><dt>Again</dt><dd><code>${repeatCommand(results)}</code></dd></div></dl>
</header>`;
}

function tally(results: Results): Markup[] {
  return Object.entries(countVerdicts(results)).map(
    ([verdict, count]) => html`${renderVerdict(verdict as Verdict, count)} `,
  );
}

/** The table of all verdicts: questions as rows, patterns as columns. On a phone it is a list; the roles say that it is a table. */
export function renderOverview(results: Results): Markup {
  const names = patternsOf(results);
  const heads = names.map((name) => html`<th scope="col" role="columnheader">${label(name, names)}</th>`);
  return html`<section id="overview" aria-labelledby="overview-title">
<h2 id="overview-title">At a glance</h2>
<table class="overview" role="table" aria-labelledby="overview-title">
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Question</th>${heads}</tr></thead>
<tbody role="rowgroup">
${results.experiments.map((experiment, index) => overviewRow(experiment, index, names))}</tbody>
</table>
<p class="legend">${renderVerdict('kept')}: what the pattern promises here held. ${renderVerdict('broken')}: something that it
promises did not. ${renderVerdict('not promised')}: it does not promise what is asked here; what it promises otherwise held.</p>
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

/** With figures that no line break parts from their names and units. */
const unbroken = (text: string): string => text.replace(/(?<=p\d+) (?=\d)|(?<=\d) (?=ms\b)/g, '\u00a0');

/** Losses and duplicates under all faults: two charts and their table. @param charts takes the charts for draw.js */
export function renderFaults(results: Results, charts: Chart[]): Markup | undefined {
  const shares = [
    shareChart(results, 'lost', 'Lost, % of what was accepted'),
    shareChart(results, 'duplicated', 'Delivered again, % of what was accepted'),
  ].flatMap((chart) => chart ?? []);
  if (shares.length === 0) return undefined;
  const names = patternsOf(results);
  return html`<section id="faults" aria-labelledby="faults-title">
<h2 id="faults-title">What each fault costs</h2>
${patternLegend(names)}
<div class="pair">${shares.map((chart) => renderFigure(chart, charts.push(chart) - 1))}</div>
${foldedTable('These figures as a table', {
  caption: 'Lost, and delivered again, under each fault: messages, and percent of what was accepted',
  header: ['Experiment', ...names.map((name) => label(name, names))],
  rows: withFaults(results).map(({ name, patterns }) => [name, ...names.map((pattern) => fateOf(patterns[pattern]))]),
  look: 'words',
})}
</section>`;
}

/** Which colour is which pattern. */
function patternLegend(names: readonly string[]): Markup {
  return html`<ul class="patterns" aria-label="Colours of the patterns">${names.map((name) => html`<li>${label(name, names)}</li>`)}</ul>`;
}

function fateOf(measurement: Parameters<typeof shareOf>[0]): string {
  if (!measurement) return '-';
  const words = { lost: 'lost', duplicated: 'twice' } as const;
  const fates = (['lost', 'duplicated'] as const).flatMap((key) =>
    measurement[key] > 0 ? [`${measurement[key]} ${words[key]} (${percent(shareOf(measurement, key))})`] : [],
  );
  return fates.join(', ') || 'none';
}
