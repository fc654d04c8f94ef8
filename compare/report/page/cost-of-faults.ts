import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Measurement, Results } from '../../measure/result.ts';
import { percent } from '../account-text.ts';
import { patternsOf } from '../digest.ts';
import { renderCanvas } from './charts/canvas.ts';
import type { Chart } from './charts/charts.ts';
import { countOf, type Fate, shareChart, shareOf, withFaults } from './charts/fault-shares.ts';
import { html, type Markup } from './markup/markup.ts';
import { label } from './markup/pattern-label.ts';
import { foldedTable } from './markup/table.ts';

/** What was not delivered, and what was delivered again, under all faults: two charts and their table, folded. @param charts the charts of the page, for charts/draw; more are added */
export function renderCostOfFaults(results: Results, charts: Chart[]): Markup | undefined {
  const shares = [
    shareChart(results, 'not delivered', 'Not delivered, % of what was made'),
    shareChart(results, 'delivered again', 'Delivered again, % of what was made'),
  ].flatMap((chart) => chart ?? []);
  if (shares.length === 0) return undefined;
  const names = patternsOf(results);
  return html`<details id="faults" class="chapter">
<summary><h2>What each fault costs</h2></summary>
${patternLegend(names)}
<div class="pair">${shares.map((chart) => renderCanvas(chart, charts.push(chart) - 1))}</div>
${foldedTable('These numbers as a table', {
  caption: 'Not delivered, and delivered again, under each fault: messages, and percent of what was made',
  header: ['Experiment', ...names.map((name) => label(name, names))],
  rows: withFaults(results).map(({ name, patterns }) => [name, ...names.map((pattern) => fateOf(patterns[pattern]))]),
  look: 'words',
})}
</details>`;
}

const FATES: readonly Fate[] = ['not delivered', 'delivered again'];

/** Which colour is which pattern. */
function patternLegend(names: readonly string[]): Markup {
  return html`<ul class="patterns" aria-label="Colours of the patterns">${names.map((name) => html`<li>${label(name, names)}</li>`)}</ul>`;
}

function fateOf(measurement: Measurement | undefined): string {
  if (!measurement) return '-';
  const fates = FATES.flatMap((fate) => {
    const messages = countOf(measurement, fate);
    return messages > 0 ? [`${formatNumber(messages)} ${fate} (${percent(shareOf(measurement, fate))})`] : [];
  });
  return fates.join(', ') || 'none';
}
