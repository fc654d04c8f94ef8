import { formatNumber } from '@redis-messaging/shared/text/table';
import type { ExperimentResult, Measurement, Results } from '../../../measure/result.ts';
import { patternsOf } from '../../digest.ts';
import { colourOf } from '../markup/pattern-label.ts';
import type { ShareChart } from './charts.ts';

/** Lost, or delivered again, under each fault: percent of the expected deliveries. */
export function shareChart(results: Results, key: 'lost' | 'duplicated', title: string): ShareChart | undefined {
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

/** The experiments that injected faults. */
export function withFaults({ experiments }: Results): ExperimentResult[] {
  return experiments.filter(({ faults, skipped }) => faults.length > 0 && !skipped);
}

/** A percentage as text. */
export function percent(value: number | null): string {
  if (value === null) return '-';
  return value > 0 && value < 1 ? '< 1 %' : `${formatNumber(value)} %`;
}

/** Percent of the expected deliveries; `null` if none are expected. */
export function shareOf(measurement: Measurement | undefined, key: 'lost' | 'duplicated'): number | null {
  const expected = (measurement?.accepted ?? 0) * (measurement?.audiences ?? 0);
  return measurement && expected > 0 ? (100 * measurement[key]) / expected : null;
}
