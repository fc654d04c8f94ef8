import type { Results } from '../../measure/result.ts';
import { patternsOf } from '../digest.ts';
import { renderCanvas } from './charts/canvas.ts';
import type { Chart } from './charts/charts.ts';
import { percent, shareChart, shareOf, withFaults } from './charts/fault-shares.ts';
import { html, type Markup } from './markup/markup.ts';
import { label } from './markup/pattern-label.ts';
import { foldedTable } from './markup/table.ts';

/** Losses and duplicates under all faults: two charts and their table. @param charts the charts of the page, for charts/draw; more are added */
export function renderCostOfFaults(results: Results, charts: Chart[]): Markup | undefined {
  const shares = [
    shareChart(results, 'lost', 'Lost, % of what was accepted'),
    shareChart(results, 'duplicated', 'Delivered again, % of what was accepted'),
  ].flatMap((chart) => chart ?? []);
  if (shares.length === 0) return undefined;
  const names = patternsOf(results);
  return html`<section id="faults" aria-labelledby="faults-title">
<h2 id="faults-title">What each fault costs</h2>
${patternLegend(names)}
<div class="pair">${shares.map((chart) => renderCanvas(chart, charts.push(chart) - 1))}</div>
${foldedTable('These numbers as a table', {
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
