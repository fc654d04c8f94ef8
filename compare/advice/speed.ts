import { PACE } from '../experiments/load/latency.ts';
import type { Results } from '../measure/result.ts';
import type { Speed } from './advice.ts';

/** How fast a pattern was in a comparison. */
export function speedIn({ experiments, options }: Results, pattern: string): Speed {
  const of = (name: string) => experiments.find((experiment) => experiment.name === name)?.patterns[pattern];
  const latency = of('latency');
  const pace = latency?.figures[PACE] ?? options.rate; // older results have only the rate of all experiments
  return {
    p99: latency?.latencyMs?.p99,
    pace: typeof pace === 'number' ? pace : undefined,
    throughput: of('throughput')?.throughput ?? undefined,
  };
}
