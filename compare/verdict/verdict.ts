import { isBalanced, notDelivered } from '../account/balance.ts';
import { UNEXPLAINED } from '../account/causes.ts';
import { sum } from '../account/sum.ts';
import type { Claim, Measured, Measurement, Verdict } from '../measure/result.ts';

/** What a verdict adds to the measurements. */
type Judgement = Omit<Measurement, keyof Measured | 'headline' | 'runs'>;

/**
 * The verdict, with every claim. That every loss has a cause, and that every message is in one place, is promised by every pattern.
 *
 * @param onlyMeasures whether the experiment asks for a figure, so that there is no promise to keep
 */
export function judge(measured: Measured, claims: readonly Claim[], onlyMeasures = false): Judgement {
  const all = [
    ...claims,
    {
      text: 'every loss has a cause',
      promised: true,
      holds: isExplained(measured),
    },
    { text: 'every message is accounted for', promised: true, holds: isBalanced(measured) },
  ];
  return { claims: all, verdict: verdictOf(measured, all, claims[0]?.promised === true && !onlyMeasures) };
}

/** Whether there is a cause for each message that did not arrive. */
function isExplained(measured: Measured): boolean {
  const explained = measured.causes.filter(({ cause }) => cause !== UNEXPLAINED);
  return sum(explained.map(({ messages }) => messages)) === Math.max(0, notDelivered(measured));
}

/** A loss is never hidden: not by a promise that was kept, nor where nothing was promised. */
function verdictOf(measured: Measured, claims: readonly Claim[], isPromised: boolean): Verdict {
  if (claims.some(({ promised, holds }) => promised && !holds)) return 'broken';
  if (notDelivered(measured) > 0) return 'loss outside the promise';
  return isPromised ? 'kept' : 'not applicable';
}
