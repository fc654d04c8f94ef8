import type { Results, Verdict } from '../../measure/result.ts';
import { repeatCommand } from '../../options/repeat.ts';
import { countVerdicts } from '../digest.ts';
import { html, type Markup } from './markup/markup.ts';
import { renderVerdict } from './markup/verdict.ts';

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
<p class="lead">The same load and the same faults for every pattern, and whether each promise was kept.</p>
<p class="tally">${tally(results)}</p>
${interrupted ? html`<p class="note"><strong>Stopped before the end:</strong> these are the results until then.</p>` : undefined}
<dl class="facts">${Object.entries(facts).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
<div class="again"><dt>Again</dt><dd><code>${repeatCommand(results)}</code></dd></div></dl>
</header>`;
}

function tally(results: Results): Markup[] {
  return Object.entries(countVerdicts(results)).map(
    ([verdict, count]) => html`${renderVerdict(verdict as Verdict, count)} `,
  );
}
