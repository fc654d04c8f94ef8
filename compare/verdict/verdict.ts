import { UNEXPLAINED } from '../measure/causes.ts';
import type { Claim, Measured, Measurement, Verdict } from '../measure/result.ts';

/** What a verdict adds to the measurements. */
type Judgement = Omit<Measurement, keyof Measured | 'headline'>;

/** The verdict, with every claim. That every loss has a cause is promised by every pattern. */
export function judge(measured: Measured, claims: readonly Claim[]): Judgement {
  const explained = measured.causes.every(({ cause }) => cause !== UNEXPLAINED);
  const all = [...claims, { text: 'every loss has a cause', promised: true, holds: explained }];
  return { claims: all, verdict: verdictOf(claims, explained) };
}

function verdictOf(claims: readonly Claim[], explained: boolean): Verdict {
  const promised = claims.filter((claim) => claim.promised);
  if (!explained || promised.some((claim) => !claim.holds)) return 'broken';
  return claims[0]?.promised ? 'kept' : 'not promised';
}
