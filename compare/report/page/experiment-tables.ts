import { formatDuration, formatNumber } from '@redis-messaging/shared/text/table';
import { UNEXPLAINED } from '../../account/causes.ts';
import type { Counts, ExperimentResult, Measurement } from '../../measure/result.ts';
import { type Chart, latencyPoints, rangeOf } from './charts/charts.ts';
import { type Content, html } from './markup/markup.ts';
import { label } from './markup/pattern-label.ts';
import type { Table } from './markup/table.ts';
import { renderClaim, renderVerdict } from './markup/verdict.ts';

/** A row of the table: its title, and its cell for a measurement, if there is one. */
type Row = readonly [title: string, cellOf: (measurement: Measurement) => Content];

const decimals = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

const count = (key: keyof Omit<Counts, 'causes'>) => (measurement: Measurement) => formatNumber(measurement[key]);

/** As `count`, but nothing where it is 0: then the row is left out if it is so for every pattern. */
const some = (key: keyof Omit<Counts, 'causes'>) => (measurement: Measurement) =>
  measurement[key] === 0 ? undefined : formatNumber(measurement[key]);

const ROWS: readonly Row[] = [
  ['Verdict', ({ verdict }) => renderVerdict(verdict)],
  ['Made', count('made')],
  ['Accepted by Redis', count('accepted')],
  ['Refused', some('refused')],
  ['Unconfirmed', some('unconfirmed')],
  ['In the publisher', some('buffered')],
  [
    'Received',
    ({ received, audiences }) => `${formatNumber(received)}${audiences > 1 ? ` (${audiences} subscribers)` : ''}`,
  ],
  ['Lost', count('lost')],
  ['Not explained', ({ causes }) => causes.find(({ cause }) => cause === UNEXPLAINED)?.messages],
  ['Waiting at the end', some('waiting')],
  ['In flight at the end', some('inFlight')],
  ['Dead-lettered', some('dead')],
  ['Dead letters of others', some('foreignDead')],
  ['Delivered again', count('duplicated')],
  ['Out of order', count('reordered')],
  ['Latency p50', ({ latencyMs }) => latencyMs && formatDuration(latencyMs.p50)],
  ['Latency p99', ({ latencyMs, runs }) => latencyMs && withRange(formatDuration(latencyMs.p99), rangeOf(runs, 'p99'))],
  ['Latency max', ({ latencyMs }) => latencyMs && formatDuration(latencyMs.max)],
  [
    'Throughput (messages/s)',
    ({ throughput, runs }) => throughput && withRange(formatNumber(throughput), rangeOf(runs, 'throughput')),
  ],
];

const rounded = (value: number): string => (value < 10 ? decimals.format(value) : formatNumber(value));

/** A number with the least and the most of several runs. */
function withRange(text: string, range: readonly [number, number] | null): Content {
  if (!range) return text;
  return html`${text} <span class="range">${range.map(rounded).join('–')}</span>`;
}

/** All counts and numbers; rows that are empty for every pattern are left out. */
export function countsTable(
  { patterns, name }: ExperimentResult,
  present: readonly string[],
  names: readonly string[],
): Table {
  const measurements = present.map((pattern) => patterns[pattern] as Measurement);
  const further = [...new Set(measurements.flatMap(({ figures }) => Object.keys(figures)))];
  const furtherRows = further.map((key): Row => [key, ({ figures }) => formatFigure(figures[key])]);
  const runs = Math.max(...measurements.map((measurement) => measurement.runs?.length ?? 1));
  return {
    caption: `${name}: what was counted and measured${runs > 1 ? `; counts of ${runs} runs together, medians, and the least and the most of the runs` : ''}`,
    header: ['', ...present.map((pattern) => label(pattern, names))],
    rows: [...ROWS, ...furtherRows].flatMap(([title, cellOf]) => {
      const cells = measurements.map(cellOf);
      return cells.some((cell) => cell !== null && cell !== undefined)
        ? [[title, ...cells.map((cell) => cell ?? '-')]]
        : [];
    }),
    look: 'numbers',
  };
}

function formatFigure(value: number | string | null | undefined): Content {
  return typeof value === 'number' ? decimals.format(value) : value;
}

/** What is claimed of each pattern, and whether it held. */
export function claimsTable(
  { patterns, name }: ExperimentResult,
  present: readonly string[],
  names: readonly string[],
): Table {
  const texts = [...new Set(present.flatMap((pattern) => patterns[pattern]?.claims.map(({ text }) => text) ?? []))];
  return {
    caption: `${name}: claims`,
    header: ['Claim', ...present.map((pattern) => label(pattern, names))],
    rows: texts.map((text) => [
      text,
      ...present.map((pattern) => renderClaim(patterns[pattern]?.claims.find((claim) => claim.text === text))),
    ]),
    look: 'words',
  };
}

/** The data of the latency chart. */
export function latencyTable(
  { patterns, name }: ExperimentResult,
  present: readonly string[],
  names: readonly string[],
): Table {
  const columns = present.map((pattern) => new Map(latencyPoints(patterns[pattern])));
  const percents = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort((a, b) => a - b);
  return {
    caption: `${name}: latency at percentiles`,
    header: ['Percentile', ...present.map((pattern) => label(pattern, names))],
    rows: percents.map((percent) => [
      percent === 100 ? 'max' : `p${percent}`,
      ...columns.map((column) => formatDuration(column.get(percent) ?? null)),
    ]),
    look: 'numbers',
  };
}

/** The data of the timeline chart. */
export function timelineTable(chart: Extract<Chart, { kind: 'timeline' }>, names: readonly string[]): Table {
  const { series, bucketMs } = chart;
  const rows = (series[0]?.values ?? []).map((_, bucket) => [
    `${((bucket * bucketMs) / 1000).toFixed(1)} s`,
    ...series.map(({ values }) => values[bucket] ?? 0),
  ]);
  return {
    caption: `Deliveries in the ${formatNumber(bucketMs)} ms from each time on; periods without any are left out`,
    header: ['From', ...series.map(({ name }) => label(name, names))],
    rows: rows.filter(([, ...counts]) => counts.some((deliveries) => deliveries !== 0)),
    look: 'numbers',
  };
}
