import type { Cause, Counts, Measured, Percentiles } from './result.ts';
import { sum } from './sum.ts';

/** The measurements of several runs as one: counts are added up, everything else is the median. */
export function merge(runs: readonly Measured[]): Measured {
  const [first] = runs as [Measured];
  if (runs.length === 1) return first;
  const total = (key: keyof Counts) => sum(runs.map((run) => run[key] as number));
  return {
    published: total('published'),
    accepted: total('accepted'),
    audiences: first.audiences,
    received: total('received'),
    lost: total('lost'),
    duplicated: total('duplicated'),
    reordered: total('reordered'),
    deadLettered: total('deadLettered'),
    waiting: total('waiting'),
    causes: mergeCauses(runs.flatMap((run) => run.causes)),
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

function mergeCauses(causes: readonly Cause[]): Cause[] {
  const byName = new Map<string, number>();
  for (const { cause, messages } of causes) byName.set(cause, (byName.get(cause) ?? 0) + messages);
  return [...byName].map(([cause, messages]) => ({ cause, messages }));
}
