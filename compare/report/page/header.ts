import type { Results } from '../../measure/result.ts';
import { repeatCommand } from '../../options/repeat.ts';
import { html, type Markup } from './markup/markup.ts';

const GIGABYTE = 1e9;

/** The title, and in a line when and on what it ran. */
export function renderHeader({ machine, startedAt, interrupted }: Results): Markup {
  return html`<header>
<h1>Redis messaging patterns, compared</h1>
<p class="lead">The same load and the same faults for every pattern, by the real services: ${startedAt.slice(0, 10)}, ${machine.redis}, ${machine.cores} cores. <a href="#run">This run</a></p>
${interrupted ? html`<p class="note"><strong>Stopped before the end:</strong> these are the results until then.</p>` : undefined}
</header>`;
}

/** Where and when it ran, and how to repeat it. */
export function renderRun(results: Results): Markup {
  const { machine, startedAt, seconds, seed } = results;
  const facts = {
    When: `${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${seconds} s`,
    Machine: `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / GIGABYTE)} GB, ${machine.system}`,
    Versions: `${machine.redis}, Node.js ${machine.node}, project ${machine.project}`,
    Seed: `${seed}`,
  };
  return html`<section id="run" aria-labelledby="run-title">
<h2 id="run-title">This run</h2>
<dl class="facts">${Object.entries(facts).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
<div class="again"><dt>Again</dt><dd><code>${repeatCommand(results)}</code></dd></div></dl>
</section>`;
}
