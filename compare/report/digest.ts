/** What every form of the report says about the results. */
import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Cause, Results, Verdict } from '../measure/result.ts';

/** The patterns that have a result, or failed. */
export function patternsOf({ experiments }: Results): string[] {
  return [...new Set(experiments.flatMap(({ patterns, failed }) => Object.keys({ ...patterns, ...failed })))];
}

/** How often there is each verdict. */
export function countVerdicts({ experiments }: Results): Readonly<Record<Verdict, number>> {
  const counts = { kept: 0, broken: 0, 'not promised': 0 };
  for (const { patterns } of experiments) for (const { verdict } of Object.values(patterns)) counts[verdict]++;
  return counts;
}

/** How many promises were kept and broken, in a sentence. */
export function summaryLine(results: Results): string {
  const { seed, seconds, interrupted } = results;
  const counts = Object.entries(countVerdicts(results)).map(([verdict, count]) => `${count} ${verdict}`);
  return `${counts.join(', ')}; seed ${seed}, ${seconds} s, ${interrupted ? 'stopped before the end' : 'complete'}`;
}

/** Every loss with its causes: a line for each experiment and pattern. */
export function lossesOf({ experiments }: Results): string[] {
  return experiments.flatMap(({ name, patterns }) =>
    Object.entries(patterns).flatMap(([pattern, { lost, causes }]) =>
      lost > 0 ? [`${name}, ${pattern}: ${listCauses(causes)}`] : [],
    ),
  );
}

/** Causes of a loss, and how many messages each cost, in words. */
export function listCauses(causes: readonly Cause[]): string {
  return causes.map(({ cause, messages }) => `${formatNumber(messages)} ${cause}`).join(', ');
}

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
