import type { Claim, Verdict } from '../../../measure/result.ts';
import { html, type Markup } from './markup.ts';

const SIGNS: Readonly<Record<string, string>> = { kept: '✓', broken: '✕', 'not promised': '–' };

/** A verdict with its sign, so that it does not depend on colour. */
export function renderVerdict(verdict: Verdict, count?: number): Markup {
  const words = count === undefined ? verdict : `${count} ${verdict}`;
  const look = count === 0 ? 'not-promised' : verdict.replace(' ', '-'); // none broken is nothing to warn of
  return html`<span class="verdict ${look}"><span aria-hidden="true">${SIGNS[verdict]}</span> ${words}</span>`;
}

/** Whether a claim is promised, and whether it holds. */
export function renderClaim(claim: Claim | undefined): Markup {
  if (!claim) return html`-`;
  const { promised, holds } = claim;
  const truth = holds ? 'holds' : 'does not hold';
  if (!promised) return html`<span class="unpromised">not promised, ${truth}</span>`;
  const look = holds ? 'kept' : 'broken';
  return html`<span class="claim ${look}"><span aria-hidden="true">${SIGNS[look]}</span> promised, ${truth}</span>`;
}
