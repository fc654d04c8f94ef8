import { added } from '../account/causes.ts';
import { sum } from '../account/sum.ts';
import type { Counts, Measured, Percentiles } from './result.ts';

/** The measurements of several runs as one: counts are added up, everything else is the median. */
export function merge(runs: readonly Measured[]): Measured {
  const [first] = runs as [Measured];
  if (runs.length === 1) return first;
  const total = (key: keyof Counts) => sum(runs.map((run) => run[key] as number));
  return {
    made: total('made'),
    accepted: total('accepted'),
    refused: total('refused'),
    unconfirmed: total('unconfirmed'),
    buffered: total('buffered'),
    audiences: first.audiences,
    received: total('received'),
    waiting: total('waiting'),
    inFlight: total('inFlight'),
    dead: total('dead'),
    lost: total('lost'),
    duplicated: total('duplicated'),
    reordered: total('reordered'),
    foreignDead: total('foreignDead'),
    causes: added(runs.flatMap((run) => run.causes)),
    throughput: median(runs.map((run) => run.throughput)),
    latencyAt: first.latencyAt,
    timeline: first.timeline,
    latencyMs: mergeLatency(runs.flatMap((run) => run.latencyMs ?? [])),
    figures: Object.fromEntries(
      Object.keys(first.figures).map((name) => [name, median(runs.map((run) => run.figures[name]))]),
    ),
  };
}

/** The median of the numbers; `null` if there is none. */
function median(values: readonly unknown[]): number | null {
  const numbers = values.filter((value): value is number => typeof value === 'number').sort((a, b) => a - b);
  return numbers[Math.floor(numbers.length / 2)] ?? null;
}

function mergeLatency(runs: readonly Percentiles[]): Percentiles | null {
  if (runs.length === 0) return null;
  const middle = (key: keyof Percentiles) => median(runs.map((run) => run[key])) as number;
  return { p50: middle('p50'), p95: middle('p95'), p99: middle('p99'), max: Math.max(...runs.map((run) => run.max)) };
}
