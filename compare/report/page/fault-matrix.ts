import { notDelivered } from '../../account/balance.ts';
import type { ExperimentResult, Measurement, Results } from '../../measure/result.ts';
import { accountText, deliveredPercent, percent } from '../account-text.ts';
import { causesText, patternsOf } from '../digest.ts';
import { withFaults } from './charts/fault-shares.ts';
import { sectionId } from './experiment-row.ts';
import { html, type Markup } from './markup/markup.ts';
import { colourOf, label } from './markup/pattern-label.ts';
import { renderMark } from './markup/verdict.ts';

/** A table of faults and patterns: the share of messages that arrived, as a bar, and in a line what cost the others. */
export function renderFaultMatrix(results: Results): Markup | undefined {
  const names = patternsOf(results);
  const experiments = withFaults(results);
  if (experiments.length === 0) return undefined;
  const heads = names.map((name) => html`<th scope="col">${label(name, names)}</th>`);
  return html`<div class="scroll matrix-scroll" role="region" aria-label="What arrived under each fault" tabindex="0">
<table class="matrix">
<caption>Of the messages made, this share arrived under each fault</caption>
<thead><tr><th scope="col">Fault</th>${heads}</tr></thead>
<tbody>
${experiments.map((experiment) => row(experiment, results.experiments.indexOf(experiment), names))}</tbody>
</table>
</div>`;
}

function row(experiment: ExperimentResult, index: number, names: readonly string[]): Markup {
  const { question, patterns } = experiment;
  const cells = names.map((name) => html`<td>${cell(patterns[name], name, names)}</td>`);
  const cause = causeOf(experiment);
  return html`<tr><th scope="row"><a href="#${sectionId(index)}">${faultIn(question)}</a><span class="cause" title="${cause}">${cause}</span></th>${cells}</tr>\n`;
}

/** What a question is about: "Redis is killed (no persistence): which …?" */
const faultIn = (question: string): string => question.split(':')[0] as string;

function cell(measurement: Measurement | undefined, name: string, names: readonly string[]): Markup {
  if (!measurement) return html`-`;
  const share = deliveredPercent(measurement);
  const width = Math.max(0, Math.min(100, share ?? 0)).toFixed(1);
  return html`<span class="who" aria-hidden="true">${label(name, names)}</span><svg class="bar b${colourOf(name, names)}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="${accountText(measurement)}"><rect class="all" width="100" height="8"/><rect class="part" width="${width}" height="8"/></svg><span class="share">${percent(share)} ${renderMark(measurement.verdict)}</span>`;
}

/** What cost most: the causes of the pattern that got the least. */
function causeOf({ patterns }: ExperimentResult): string {
  const all = Object.entries(patterns).filter(([, measurement]) => notDelivered(measurement) > 0);
  const [worst] = all.sort(([, one], [, other]) => (deliveredPercent(one) ?? 0) - (deliveredPercent(other) ?? 0));
  return worst ? `${worst[0]}: ${causesText(worst[1])}` : 'everything arrived, by every pattern';
}
