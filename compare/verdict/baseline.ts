import { readFileSync } from 'node:fs';
import { formatDuration, formatNumber } from '@redis-messaging/shared/text/table';
import { OptionsError } from '../../local/process/command.ts';
import { type Measurement, type Results, VERSION } from '../measure/result.ts';

/** Results of single runs on a shared machine vary by this part without a reason. */
const NOISE = 0.3;

/** Reads results.json of an earlier run. @throws OptionsError if it is not one, or of another version */
export function readBaseline(path: string, option = '--baseline'): Results {
  try {
    const results = JSON.parse(readFileSync(path, 'utf8'));
    if (!Array.isArray(results?.experiments)) throw new Error('it is none');
    if (results.version !== VERSION)
      throw new Error(`its version is ${results.version}, this is ${VERSION}: measure again`);
    return results;
  } catch (error) {
    throw new OptionsError(
      `${option} ${path}: expected a results.json of an earlier run (${(error as Error).message})`,
    );
  }
}

/** What got worse since an earlier run, in lines. A number counts only beyond the spread of both, or, of single runs, 30 %. */
export function againstBaseline(now: Results, before: Results): string[] {
  return now.experiments.flatMap(({ name, patterns }) => {
    const earlier = before.experiments.find((experiment) => experiment.name === name)?.patterns ?? {};
    return Object.entries(patterns).flatMap(([pattern, measurement]) => {
      const old = earlier[pattern];
      return old ? worse(measurement, old).map((what) => `worse: ${name}, ${pattern}: ${what}`) : [];
    });
  });
}

function worse(now: Measurement, before: Measurement): string[] {
  const lines: string[] = [];
  if (now.verdict === 'broken' && before.verdict !== 'broken') lines.push(`${before.verdict} → broken`);
  const rate = [spreadOf(now, 'throughput'), spreadOf(before, 'throughput')] as const;
  if (rate[0] && rate[1] && rate[0].high < rate[1].low)
    lines.push(`throughput ${range(rate[1], formatNumber)} → ${range(rate[0], formatNumber)} messages/s`);
  const tail = [spreadOf(now, 'p99'), spreadOf(before, 'p99')] as const;
  if (tail[0] && tail[1] && tail[0].low > tail[1].high)
    lines.push(`latency p99 ${range(tail[1], formatDuration)} → ${range(tail[0], formatDuration)}`);
  return lines;
}

interface Spread {
  readonly low: number;
  readonly high: number;
}

function spreadOf({ throughput, latencyMs, runs }: Measurement, key: 'throughput' | 'p99'): Spread | undefined {
  const single = key === 'p99' ? latencyMs?.p99 : throughput;
  const values = runs?.flatMap((run) => run[key] ?? []) ?? [];
  if (values.length > 1) return { low: Math.min(...values), high: Math.max(...values) };
  return typeof single === 'number' ? { low: single * (1 - NOISE), high: single * (1 + NOISE) } : undefined;
}

const range = ({ low, high }: Spread, show: (value: number) => string) => `${show(low)}–${show(high)}`;
