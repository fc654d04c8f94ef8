import { FAST_P99, FAST_PACE, PACE } from '../experiments/load/latency.ts';
import type { Results } from '../measure/result.ts';
import type { Speed } from './advice.ts';

/** How fast a pattern was in a comparison. @param rate what is needed: of two latencies, that at the nearest pace that is not lower counts */
export function speedIn({ experiments, options }: Results, pattern: string, rate = 0): Speed {
  const of = (name: string) => experiments.find((experiment) => experiment.name === name)?.patterns[pattern];
  const latency = of('latency');
  const measured = [
    { pace: latency?.figures[PACE] ?? options.rate, p99: latency?.latencyMs?.p99 },
    { pace: latency?.figures[FAST_PACE], p99: latency?.figures[FAST_P99] },
  ].flatMap(({ pace, p99 }) => (typeof pace === 'number' && typeof p99 === 'number' ? [{ pace, p99 }] : []));
  const { p99, pace } = measured.find((each) => each.pace >= rate) ?? measured.at(-1) ?? {};
  return {
    p99,
    pace,
    throughput: of('throughput')?.throughput ?? undefined,
  };
}
