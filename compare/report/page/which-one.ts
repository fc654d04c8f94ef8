import { patterns } from '@redis-messaging/shared/patterns/index';
import { advise } from '../../advice/advisor.ts';
import { type Needs, USUAL_NEEDS } from '../../advice/needs.ts';
import type { Results } from '../../measure/result.ts';
import { patternsOf } from '../digest.ts';
import { renderFaultMatrix } from './fault-matrix.ts';
import { html, type Markup } from './markup/markup.ts';
import { label } from './markup/pattern-label.ts';
import { renderLegend, renderVerdict } from './markup/verdict.ts';

/** Needs that many have, in words. */
const EXAMPLES: readonly (readonly [words: string, needs: Partial<Needs>])[] = [
  ['Nothing may be lost, also when a subscriber crashes', { loss: 'none' }],
  ['… and several groups of consumers get every message', { loss: 'none', fanout: 2 }],
  ['… and nothing may take effect twice', { loss: 'none', duplicates: 'none' }],
  ['Workers share jobs; a crash may cost those in flight', { loss: 'crash-ok', workers: 2 }],
  ['Everyone listening gets each message; losses do not matter', { loss: 'any', fanout: 2 }],
  ['A group that joins late can read earlier messages', { loss: 'none', late: 'yes' }],
];

/** The first screen: which pattern meets which need, and what arrives under each fault. */
export function renderWhichOne(results: Results): Markup {
  return html`<section id="which" aria-labelledby="which-title">
<h2 id="which-title">Which one for me?</h2>
<ul class="needs">${EXAMPLES.map(([words, needs]) => need(words, { ...USUAL_NEEDS, ...needs }, results))}</ul>
${renderFaultMatrix(results)}
${renderLegend()}
</section>`;
}

/** A need with the simplest pattern that meets it; those that broke a promise in this run say so. */
function need(words: string, needs: Needs, results: Results): Markup {
  const names = patternsOf(results);
  const [best] = advise(
    needs,
    patterns.filter(({ name }) => names.includes(name)),
  ).fitting;
  const isBroken = best && results.experiments.some((each) => each.patterns[best.name]?.verdict === 'broken');
  return html`<li><span>${words}</span> <strong>${best ? label(best.name, names) : 'none of these'}</strong>${
    isBroken ? html` ${renderVerdict('broken', 'broke a promise in this run')}` : undefined
  }</li>`;
}
