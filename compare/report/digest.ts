/** What every form of the report says about the results. */
import { formatNumber } from '@redis-messaging/shared/text/table';
import { notDelivered } from '../account/balance.ts';
import type { Measurement, Results, Verdict } from '../measure/result.ts';
import { MARKS } from './marks.ts';

/** The patterns that have a result, or failed. */
export function patternsOf({ experiments }: Results): string[] {
  return [...new Set(experiments.flatMap(({ patterns, failed }) => Object.keys({ ...patterns, ...failed })))];
}

/** How often there is each verdict. */
export function countVerdicts({ experiments }: Results): Readonly<Record<Verdict, number>> {
  const all = experiments.flatMap(({ patterns }) => Object.values(patterns).map(({ verdict }) => verdict));
  const entries = Object.keys(MARKS).map((verdict) => [verdict, all.filter((each) => each === verdict).length]);
  return Object.fromEntries(entries);
}

/** How many promises were kept and broken, in a sentence. */
export function summaryLine(results: Results): string {
  const { seed, seconds, interrupted } = results;
  const counts = Object.entries(countVerdicts(results)).map(([verdict, count]) => `${count} ${verdict}`);
  return `${counts.join(', ')}; seed ${seed}, ${seconds} s, ${interrupted ? 'stopped before the end' : 'complete'}`;
}

/** Everything that was lost or refused, and why: a line for each experiment and pattern. */
export function lossesOf({ experiments }: Results): string[] {
  return experiments.flatMap(({ name, patterns }) =>
    Object.entries(patterns).flatMap(([pattern, measurement]) =>
      notDelivered(measurement) > 0 ? [`${name}, ${pattern}: ${causesText(measurement)}`] : [],
    ),
  );
}

/** Why messages did not arrive, and how many for each reason, in words. */
export const causesText = ({ causes }: Measurement): string =>
  causes.map(({ cause, messages }) => `${formatNumber(messages)} ${cause}`).join(', ');

/** Every peer that failed, and why: a line for each experiment and peer. */
export function failuresOf({ experiments }: Results): string[] {
  return experiments.flatMap(({ name, failed = {} }) =>
    Object.entries(failed).map(([peer, reason]) => `${name}, ${peer}: ${reason}`),
  );
}

/** Every promise that does not hold, in lines. */
export function brokenIn({ experiments }: Results): string[] {
  return experiments.flatMap(({ name, patterns }) =>
    Object.entries(patterns).flatMap(([pattern, { claims }]) =>
      claims
        .filter(({ promised, holds }) => promised && !holds)
        .map(({ text }) => `${name}, ${pattern}: not so: ${text}`),
    ),
  );
}
