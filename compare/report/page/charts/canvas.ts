import { html, type Markup } from '../markup/markup.ts';
import type { Chart } from './charts.ts';

/**
 * The canvas of a chart, which draw/main.js fills. It is hidden until then: where scripts do not run, the tables have the data.
 * @param index of the chart among all charts of the page
 */
export function renderCanvas(chart: Chart, index: number): Markup {
  return html`<figure class="chart ${chart.kind}" hidden>
<figcaption>${chart.title}</figcaption>
<div class="canvas"><canvas id="chart-${index}" role="img" aria-label="${chart.description}"></canvas></div>
</figure>`;
}
