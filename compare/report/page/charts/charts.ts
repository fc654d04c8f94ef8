import { formatDuration, formatNumber } from '@redis-messaging/shared/text/table';
import type { ExperimentResult, Measurement, Moment } from '../../../measure/result.ts';
import { colourOf } from '../markup/pattern-label.ts';

/** A chart for draw/: plain data. */
export type Chart = ThroughputChart | LatencyChart | TimelineChart | ShareChart;

interface Described {
  readonly title: string;
  /** What it shows, in words: for screen readers. */
  readonly description: string;
}

interface Series {
  readonly name: string;
  /** The number of a colour in style/. */
  readonly colour: number;
}

/** A bar for each pattern, with the spread of several runs. */
export interface ThroughputChart extends Described {
  readonly kind: 'throughput';
  readonly bars: readonly (Series & { readonly value: number; readonly range: readonly [number, number] | null })[];
}

/** A line for each pattern: ms over percentiles. */
export interface LatencyChart extends Described {
  readonly kind: 'latency';
  readonly series: readonly (Series & { readonly points: readonly (readonly [percent: number, ms: number])[] })[];
}

/** A strip for each pattern: deliveries over time, with the faults. */
export interface TimelineChart extends Described {
  readonly kind: 'timeline';
  readonly bucketMs: number;
  readonly series: readonly (Series & { readonly values: readonly number[] })[];
  readonly faults: readonly Moment[];
}

/** A group of bars for each experiment: the share of messages that were lost, or delivered again. */
export interface ShareChart extends Described {
  readonly kind: 'share';
  readonly labels: readonly string[];
  /** Percent, one for each label. */
  readonly series: readonly (Series & { readonly values: readonly (number | null)[] })[];
}

/** The charts of an experiment: those that have data. */
export function chartsOf(experiment: ExperimentResult, names: readonly string[]): Chart[] {
  return [throughputChart, latencyChart, timelineChart].flatMap((make) => make(experiment, names) ?? []);
}

function throughputChart({ patterns }: ExperimentResult, names: readonly string[]): ThroughputChart | undefined {
  const bars = names.flatMap((name) => {
    const value = patterns[name]?.throughput;
    if (typeof value !== 'number') return [];
    return [{ name, colour: colourOf(name, names), value, range: rangeOf(patterns[name]?.runs, 'throughput') }];
  });
  if (bars.length === 0) return undefined;
  const list = bars.map(({ name, value }) => `${name} ${formatNumber(value)}`).join(', ');
  return {
    kind: 'throughput',
    title: 'Throughput, messages per second',
    description: `Bar chart: messages per second. ${list}.`,
    bars,
  };
}

/** The least and the most of several runs. */
export function rangeOf(runs: Measurement['runs'], key: 'throughput' | 'p99'): readonly [number, number] | null {
  const values = runs?.flatMap((run) => run[key] ?? []) ?? [];
  return values.length > 1 ? [Math.min(...values), Math.max(...values)] : null;
}

function latencyChart({ patterns }: ExperimentResult, names: readonly string[]): LatencyChart | undefined {
  const series = names.flatMap((name) => {
    const points = latencyPoints(patterns[name]);
    return points.length > 0 ? [{ name, colour: colourOf(name, names), points }] : [];
  });
  if (series.length === 0) return undefined;
  const list = series.map(({ name }) => {
    const at = patterns[name]?.latencyMs;
    return `${name} p50 ${formatDuration(at?.p50 ?? null)}, p99 ${formatDuration(at?.p99 ?? null)}`;
  });
  return {
    kind: 'latency',
    title: `Latency by percentile, ms${ofFirstRun(patterns, 'latencyAt')}`,
    description: `Line chart: latency in ms, on a logarithmic axis, by percentile. ${list.join('; ')}.`,
    series,
  };
}

/** Of several runs, distributions and timelines are those of the first. */
const ofFirstRun = (patterns: ExperimentResult['patterns'], key: 'latencyAt' | 'timeline'): string =>
  Object.values(patterns).some(({ runs, [key]: data }) => data && runs && runs.length > 1) ? ', of the first run' : '';

/** Latency at some percentiles, the highest last; at the known ones, where there is no distribution. */
export function latencyPoints(measurement: Measurement | undefined): readonly (readonly [number, number])[] {
  if (measurement?.latencyAt) return measurement.latencyAt;
  const at = measurement?.latencyMs;
  return at
    ? [
        [50, at.p50],
        [95, at.p95],
        [99, at.p99],
        [100, at.max],
      ]
    : [];
}

function timelineChart({ patterns, faults }: ExperimentResult, names: readonly string[]): TimelineChart | undefined {
  const timed = names.flatMap((name) => {
    const timeline = patterns[name]?.timeline;
    return timeline ? [{ name, colour: colourOf(name, names), ...timeline }] : [];
  });
  const bucketMs = timed[0]?.bucketMs;
  if (bucketMs === undefined || timed.every(({ deliveries }) => deliveries.length === 0)) return undefined;
  const length = Math.max(...timed.map(({ deliveries }) => deliveries.length));
  const done = faults.map(({ at, what }) => `${what} at ${(at / 1000).toFixed(1)} s`).join(', ');
  return {
    kind: 'timeline',
    title: `Deliveries over time, in each ${formatNumber(bucketMs)} ms${ofFirstRun(patterns, 'timeline')}`,
    description: `Chart with a strip for each pattern: deliveries over ${((length * bucketMs) / 1000).toFixed(1)} s. ${done ? `Marked: ${done}.` : ''}`,
    bucketMs,
    series: timed.map(({ name, colour, deliveries }) => ({
      name,
      colour,
      values: Array.from({ length }, (_, index) => deliveries[index] ?? 0),
    })),
    faults,
  };
}
