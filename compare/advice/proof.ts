import { consumerGroups } from '../experiments/consumers/consumer-groups.ts';
import { lateGroup } from '../experiments/consumers/late-group.ts';
import { nobodyListens } from '../experiments/consumers/nobody-listens.ts';
import type { Experiment } from '../experiments/experiment.ts';
import { redisKilled } from '../experiments/faults/redis-killed.ts';
import { subscriberCrashes, subscriberCrashesOnce } from '../experiments/faults/subscriber-crashes.ts';
import { subscriberStops } from '../experiments/faults/subscriber-stops.ts';
import { latency } from '../experiments/load/latency.ts';
import { throughput } from '../experiments/load/throughput.ts';
import type { Measurement, Results } from '../measure/result.ts';
import type { Advice, Judged } from './advice.ts';
import type { Need, Needs } from './needs.ts';

/** An experiment that shows whether a pattern meets some needs. */
export interface Step {
  readonly needs: readonly Need[];
  readonly experiment: Experiment;
  /** Whether they were met in this run. */
  shows(measured: Measurement): boolean;
  /** Whether a pattern that does not promise it may still meet it by chance. */
  readonly byChance: boolean;
  /** Whether it is about a figure, which noise on the machine may disturb. */
  readonly isFigure: boolean;
}

/** The result of one step, for one pattern. */
export interface Shown {
  readonly step: Step;
  readonly pattern: string;
  /** Whether the advice says that it is met; `undefined`: only the measurement tells. */
  readonly expected: boolean | undefined;
  /** Whether it was met; `undefined`: the experiment failed. */
  readonly met: boolean | undefined;
}

/** More processes than these show nothing new. */
const MOST_GROUPS = 5;
const MOST_WORKERS = 3;
/** Messages for a latency: those of this many seconds, within limits. */
const LATENCY_SECONDS = 2;
const FEWEST = 1000;
const MOST = 20_000;
const MOST_SECONDS = 30;

/** The experiments that concern the needs, and no others. */
export function stepsFor(needs: Needs): Step[] {
  const { loss, duplicates, fanout, workers, late, order, p99, rate } = needs;
  const nothingLost = ({ lost }: Measurement) => lost === 0;
  const asked = (first: { readonly holds: boolean } | undefined) => first?.holds === true;
  const step = (need: Need | readonly Need[], experiment: Experiment, shows: Step['shows'], byChance = true): Step => ({
    needs: [need].flat(),
    experiment,
    shows,
    byChance,
    isFigure: need === 'p99' || need === 'rate',
  });
  const paced = rate === undefined ? latency : { ...latency, load: { rate, messages: messagesAt(rate) } };
  return [
    ...(loss === 'any' ? [] : [step('loss', nobodyListens, nothingLost)]),
    ...(loss === 'crash-ok' ? [step('loss', subscriberStops, nothingLost)] : []),
    ...(loss === 'none'
      ? [subscriberCrashes, redisKilled('always')].map((each) => step('loss', each, nothingLost))
      : []),
    ...(duplicates === 'none' ? [step('duplicates', subscriberCrashesOnce, ({ claims }) => asked(claims[0]))] : []),
    ...(fanout > 1 || workers > 1
      ? [
          step(
            ['fanout', 'workers'],
            consumerGroups(Math.min(fanout, MOST_GROUPS), Math.min(workers, MOST_WORKERS)),
            ({ claims }) => asked(claims[0]),
            false,
          ),
        ]
      : []),
    ...(late === 'yes' ? [step('late', lateGroup, ({ claims }) => asked(claims[0]), false)] : []),
    ...(order === 'yes' && workers === 1 ? [step('order', paced, ({ reordered }) => reordered === 0)] : []),
    ...(p99 === undefined ? [] : [step('p99', paced, ({ latencyMs }) => (latencyMs?.p99 ?? Number.NaN) <= p99)]),
    ...(rate === undefined ? [] : [step('rate', throughput, (measured) => (measured.throughput ?? 0) >= rate)]),
  ];
}

/** Each experiment of some steps once. */
export function experimentsOf(steps: readonly Step[]): Experiment[] {
  return [...new Map(steps.map(({ experiment }) => [experiment.name, experiment])).values()];
}

/** The result of each step for each pattern. */
export function shownBy(results: Results, { fitting, others }: Advice, steps: readonly Step[]): Shown[] {
  return steps.flatMap((step) => {
    const run = results.experiments.find(({ name }) => name === step.experiment.name);
    return [...fitting, ...others].map((judged) => {
      const measured = run?.patterns[judged.name];
      return {
        step,
        pattern: judged.name,
        expected: expectation(judged, step),
        met: measured && step.shows(measured),
      };
    });
  });
}

/** Whether a result contradicts the advice. */
export const contradicts = ({ step, expected, met }: Shown): boolean =>
  met === undefined || (expected !== undefined && (expected ? !met : met && !step.byChance));

/** The experiments whose figures do not meet a need, of a pattern that would fit: noise may be the reason, so they are repeated. */
export function toRepeat(shown: readonly Shown[], { fitting }: Advice): Experiment[] {
  const mayFit = new Set(fitting.map(({ name }) => name));
  return experimentsOf(
    shown.filter(({ step, pattern, met }) => step.isFigure && !met && mayFit.has(pattern)).map(({ step }) => step),
  );
}

/** What the advice says of a step's needs. A figure that was not measured before has no expectation. */
function expectation({ open, findings }: Judged, { needs }: Step): boolean | undefined {
  if (open.some((need) => needs.includes(need))) return undefined;
  return findings.every(({ need, met }) => !needs.includes(need) || met);
}

const messagesAt = (rate: number): number =>
  Math.min(MOST, MOST_SECONDS * rate, Math.max(FEWEST, LATENCY_SECONDS * rate));
