import { formatNumber } from '@redis-messaging/shared/text/table';
import type { ExperimentResult, Measurement } from '../../measure/result.ts';
import { listCauses } from '../digest.ts';
import { renderCanvas } from './charts/canvas.ts';
import { type Chart, chartsOf } from './charts/charts.ts';
import { claimsTable, countsTable, latencyTable, timelineTable } from './experiment-tables.ts';
import { html, type Markup } from './markup/markup.ts';
import { label } from './markup/pattern-label.ts';
import { foldedTable, renderTable } from './markup/table.ts';
import { sectionId } from './verdicts-at-a-glance.ts';

/** All about one experiment. @param charts the charts of the page, for charts/draw; more are added */
export function renderSection(
  experiment: ExperimentResult,
  index: number,
  names: readonly string[],
  charts: Chart[],
): Markup {
  const { question, name, skipped, failed = {} } = experiment;
  const id = sectionId(index);
  return html`<section class="experiment" id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${question}</h2>
<p class="name"><code>${name}</code> <a href="#overview">all questions</a></p>
${skipped ? html`<p class="note"><strong>Left out:</strong> ${skipped}</p>` : undefined}
${Object.entries(failed).map(([peer, reason]) => html`<p class="note"><strong>${peer} failed:</strong> ${reason}</p>`)}
${renderCourse(experiment)}
${Object.keys(experiment.patterns).length > 0 ? renderMeasurements(experiment, names, charts) : undefined}
</section>`;
}

/** The steps, and the faults with their times. */
function renderCourse({ steps, faults }: ExperimentResult): Markup {
  const list = faults.map(
    ({ at, what }) => html`<li>${what} <span class="at">at ${(at / 1000).toFixed(2)} s</span></li>`,
  );
  return html`<div class="course">
<div><h3>Steps</h3><ol>${steps.map((step) => html`<li>${step}</li>`)}</ol></div>
${faults.length > 0 ? html`<div><h3>Faults</h3><ol class="faults">${list}</ol></div>` : undefined}
</div>`;
}

function renderMeasurements(experiment: ExperimentResult, names: readonly string[], charts: Chart[]): Markup {
  const present = names.filter((name) => experiment.patterns[name]);
  const drawn = chartsOf(experiment, names);
  return html`<div class="charts">${drawn.map((chart) => renderCanvas(chart, charts.push(chart) - 1))}</div>
${renderTable(countsTable(experiment, present, names))}
${renderTable(claimsTable(experiment, present, names))}
${renderLosses(experiment, present, names)}
${drawn.some(({ kind }) => kind === 'latency') ? foldedTable('Latency as a table', latencyTable(experiment, present, names)) : undefined}
${drawn.map((chart) => (chart.kind === 'timeline' ? foldedTable('Deliveries over time as a table', timelineTable(chart, names)) : undefined))}`;
}

/** Every loss with its causes. */
function renderLosses(
  { patterns }: ExperimentResult,
  present: readonly string[],
  names: readonly string[],
): Markup | undefined {
  const losses = present.flatMap((pattern) => {
    const { lost, causes } = patterns[pattern] as Measurement;
    if (lost <= 0) return [];
    return [html`<li><strong>${label(pattern, names)}</strong> ${formatNumber(lost)} lost: ${listCauses(causes)}</li>`];
  });
  return losses.length > 0 ? html`<h3>Losses, and why</h3><ul class="losses">${losses}</ul>` : undefined;
}
