import type { Claim, Verdict } from '../../../measure/result.ts';
import { MARKS } from '../../marks.ts';
import { html, type Markup } from './markup.ts';

/** The class of a verdict in style/. */
export const lookOf = (verdict: Verdict): string => verdict.replaceAll(' ', '-');

/** A verdict's sign, and its words for those who do not see it. */
export function renderMark(verdict: Verdict): Markup {
  return html`<span class="mark ${lookOf(verdict)}" title="${verdict}"><span aria-hidden="true">${MARKS[verdict].sign}</span><span class="unseen"> ${verdict}</span></span>`;
}

/** A verdict with its sign and its words, so that it does not depend on colour. */
export function renderVerdict(verdict: Verdict, words: string = verdict): Markup {
  return html`<span class="verdict ${lookOf(verdict)}"><span aria-hidden="true">${MARKS[verdict].sign}</span> ${words}</span>`;
}

/** The four marks, and what they mean. */
export function renderLegend(): Markup {
  const marks = Object.entries(MARKS).map(
    ([verdict, { sign, means }]) =>
      html`<li><span class="mark ${lookOf(verdict as Verdict)}" aria-hidden="true">${sign}</span> ${means}</li>`,
  );
  return html`<ul class="legend" aria-label="Legend of the marks">${marks}</ul>`;
}

/** Whether a claim is promised, and whether it holds. */
export function renderClaim(claim: Claim | undefined): Markup {
  if (!claim) return html`-`;
  const { promised, holds } = claim;
  const truth = holds ? 'holds' : 'does not hold';
  if (!promised) return html`<span class="unpromised">not promised, ${truth}</span>`;
  const look = holds ? 'kept' : 'broken';
  return html`<span class="claim ${look}"><span aria-hidden="true">${MARKS[look].sign}</span> promised, ${truth}</span>`;
}
