import { notDelivered } from '../../../account/balance.ts';
import type { ExperimentResult, Measurement, Results } from '../../../measure/result.ts';
import { percent } from '../../account-text.ts';
import { patternsOf } from '../../digest.ts';
import { colourOf } from '../markup/pattern-label.ts';
import type { ShareChart } from './charts.ts';

/** Not delivered, or delivered again, under each fault: percent of the messages made. */
export function shareChart(results: Results, key: Fate, title: string): ShareChart | undefined {
  const names = patternsOf(results);
  const experiments = withFaults(results);
  const series = names.map((name) => ({
    name,
    colour: colourOf(name, names),
    values: experiments.map(({ patterns }) => shareOf(patterns[name], key)),
  }));
  if (experiments.length === 0) return undefined;
  const labels = experiments.map(({ name }) => name);
  const most = Math.max(0, ...series.flatMap(({ values }) => values.map(Number)));
  const description = `Bar chart: ${title}, for ${labels.length} experiments with faults and ${names.length} patterns; the most is ${percent(most)}. The table below has all numbers.`;
  return { kind: 'share', title, description, labels, series };
}

/** What a fault can cost. */
export type Fate = 'not delivered' | 'delivered again';

/** The experiments that injected faults. */
export function withFaults({ experiments }: Results): ExperimentResult[] {
  return experiments.filter(({ faults, skipped }) => faults.length > 0 && !skipped);
}

/** Percent of the messages made, for each audience; `null` if none were made. */
export function shareOf(measurement: Measurement | undefined, fate: Fate): number | null {
  const wanted = (measurement?.made ?? 0) * Math.max(1, measurement?.audiences ?? 0);
  return measurement && wanted > 0 ? (100 * countOf(measurement, fate)) / wanted : null;
}

/** How many messages of a pattern had this fate. */
export const countOf = (measurement: Measurement, fate: Fate): number =>
  fate === 'not delivered' ? notDelivered(measurement) : measurement.duplicated;
