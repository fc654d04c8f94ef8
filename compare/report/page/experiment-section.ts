import { notDelivered } from '../../account/balance.ts';
import type { ExperimentResult, Measurement } from '../../measure/result.ts';
import { causesText } from '../digest.ts';
import { renderCanvas } from './charts/canvas.ts';
import { type Chart, chartsOf } from './charts/charts.ts';
import { renderRow, sectionId } from './experiment-row.ts';
import { claimsTable, countsTable, latencyTable, timelineTable } from './experiment-tables.ts';
import { html, type Markup } from './markup/markup.ts';
import { label } from './markup/pattern-label.ts';
import { foldedTable, renderTable } from './markup/table.ts';

/** All about one experiment, folded. @param charts the charts of the page, for charts/draw; more are added */
export function renderSection(
  experiment: ExperimentResult,
  index: number,
  names: readonly string[],
  charts: Chart[],
): Markup {
  const { skipped, failed = {} } = experiment;
  return html`<details class="experiment" id="${sectionId(index)}">
<summary>${renderRow(experiment, names)}</summary>
<div class="inside">
${skipped ? html`<p class="note"><strong>Left out:</strong> ${skipped}</p>` : undefined}
${Object.entries(failed).map(([peer, reason]) => html`<p class="note"><strong>${peer} failed:</strong> ${reason}</p>`)}
${renderCourse(experiment)}
${Object.keys(experiment.patterns).length > 0 ? renderMeasurements(experiment, names, charts) : undefined}
</div>
</details>`;
}

/** The steps, and the faults and other events with their times. */
function renderCourse({ steps, faults, events }: ExperimentResult): Markup {
  const list = (title: string, moments: ExperimentResult['faults']) =>
    moments.length > 0
      ? html`<h3>${title}</h3><ol class="faults">${moments.map(({ at, what }) => html`<li>${what} <span class="at">at ${(at / 1000).toFixed(2)} s</span></li>`)}</ol>`
      : undefined;
  return html`<div class="course">
<div><h3>Steps</h3><ol>${steps.map((step) => html`<li>${step}</li>`)}</ol></div>
<div>${list('Faults', faults)}${list('Events', events)}</div>
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

/** What was not delivered, with its causes. */
function renderLosses(
  { patterns }: ExperimentResult,
  present: readonly string[],
  names: readonly string[],
): Markup | undefined {
  const losses = present.flatMap((pattern) => {
    const measurement = patterns[pattern] as Measurement;
    if (notDelivered(measurement) <= 0) return [];
    return [html`<li><strong>${label(pattern, names)}</strong> ${causesText(measurement)}</li>`];
  });
  return losses.length > 0 ? html`<h3>Not delivered, and why</h3><ul class="losses">${losses}</ul>` : undefined;
}
