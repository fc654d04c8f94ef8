import { createHash } from 'node:crypto';
import { builtCommand, serviceCommand } from '../../local/process/node-command.ts';
import type { ServerProgram } from '../../local/redis/find-server.ts';
import { seeded } from '../../testkit/random.ts';
import type { Experiment } from '../experiments/experiment.ts';
import { merge } from '../measure/merge.ts';
import type { ExperimentResult, Findings, Measured, Measurement, Moment } from '../measure/result.ts';
import { peers } from '../peers/index.ts';
import type { Subject } from '../peers/subject.ts';
import { type LabRedis, OwnRedis } from '../testbed/lab-redis.ts';
import type { ServiceCommand } from '../testbed/services.ts';
import { openTestbed } from '../testbed/testbed.ts';
import { judge } from '../verdict/verdict.ts';
import type { Options } from './options.ts';

const RANDOM_STEPS = 2 ** 31;
const PEER_PROGRAM = 'compare/peers/process.ts';

/** What is needed to run experiments. */
export interface Lab {
  readonly options: Options;
  /** Where experiments run that do not need one of their own. */
  readonly redis: LabRedis;
  /** The server for experiments that need a Redis of their own; `undefined` if the user named a Redis. */
  readonly server: ServerProgram | undefined;
  /** All keys begin with this. */
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/** Runs one experiment as often as the options say, with the verdict on what it found. Throws only the signal's reason. */
export async function runExperiment(lab: Lab, experiment: Experiment): Promise<ExperimentResult> {
  const { name, question, steps } = experiment;
  const result = { name, question, steps, faults: [], events: [], seconds: 0, patterns: {} };
  if (experiment.needsOwnRedis && !lab.server)
    return { ...result, skipped: 'needs a Redis of its own, and this one is yours' };
  const beganAt = performance.now();
  const seconds = () => Math.round((performance.now() - beganAt) / 100) / 10;
  const runs: Round[] = [];
  try {
    for (let round = 1; round <= lab.options.repeat; round++) runs.push(await runOnce(lab, experiment, round));
  } catch (error) {
    lab.signal.throwIfAborted();
    return { ...result, seconds: seconds(), skipped: `failed: ${(error as Error).message}` };
  }
  const failed: Round['failed'] = Object.assign({}, ...runs.map((run) => run.failed));
  const patterns = judged(experiment, runs, lab);
  return {
    ...result,
    faults: runs[0]?.faults ?? [],
    events: runs[0]?.events ?? [],
    seconds: seconds(),
    patterns,
    failed,
  };
}

interface Run {
  readonly faults: readonly Moment[];
  readonly events: readonly Moment[];
  readonly findings: Findings;
}

/** A run with our patterns and the peers. */
interface Round extends Run {
  /** The errors of peers, by their names. */
  readonly failed: Readonly<Record<string, string>>;
}

/** Runs it with our patterns, all at the same time, then with each peer alone. If a peer fails, the others go on. */
async function runOnce(lab: Lab, experiment: Experiment, round: number): Promise<Round> {
  const ours = await runWith(lab, experiment, round, lab.options.patterns, builtCommand);
  const findings = { ...ours.findings };
  const failed: Record<string, string> = {};
  for (const peer of peersOf(lab, experiment)) {
    try {
      Object.assign(findings, (await runWith(lab, experiment, round, [peer], peerCommand)).findings);
    } catch (error) {
      lab.signal.throwIfAborted();
      failed[peer.name] = (error as Error).message;
    }
  }
  return { ...ours, findings, failed };
}

async function runWith(
  { options, redis, server, prefix, signal }: Lab,
  experiment: Experiment,
  round: number,
  patterns: readonly Subject[],
  command: ServiceCommand,
): Promise<Run> {
  const names = `${prefix}:${experiment.name}:${round}`;
  await using own = server ? await ownServersOf(experiment, server, names, signal) : undefined;
  await using testbed = openTestbed({
    redis: own ?? redis,
    patterns,
    load: { ...options, ...experiment.load },
    turn: options.seed + round - 1,
    env: experiment.env ?? {},
    command,
    prefix: experiment.servers ? `{${names}}` : names, // of a Cluster, all topics in one slot
    random: randomOf(`${options.seed} ${experiment.name} ${round}`),
    signal,
  });
  const findings = await experiment.run(testbed);
  const { recorded: faults, events } = testbed.faults;
  return { faults, events, findings };
}

/** The servers that one run of it has for itself; `undefined` if it shares one Redis with others. */
async function ownServersOf(
  { servers, ownSettings }: Experiment,
  program: ServerProgram,
  names: string,
  signal: AbortSignal,
): Promise<LabRedis | undefined> {
  if (servers) return await servers(program, names, signal);
  return ownSettings && (await OwnRedis.start(program, ownSettings, signal));
}

const peersOf = ({ options }: Lab, { withPeers }: Experiment): readonly Subject[] =>
  options.peers && withPeers ? peers : [];

/** Runs the services of a peer. */
export const peerCommand: ServiceCommand = (name) => serviceCommand(name, PEER_PROGRAM, name);

function judged(experiment: Experiment, runs: readonly Run[], lab: Lab): Record<string, Measurement> {
  const entries = [...lab.options.patterns, ...peersOf(lab, experiment)].flatMap(({ name, guarantees }) => {
    const measured = runs.flatMap(({ findings }) => findings[name] ?? []);
    if (measured.length < runs.length) return []; // a peer that failed
    const whole = merge(measured);
    const claims = measured.map((run) => experiment.claims(guarantees, run)).reduce(strictest);
    const judgement = judge(whole, claims, experiment.onlyMeasures);
    const headline = experiment.headline && { headline: experiment.headline(whole) };
    const numbers = measured.length > 1 && { runs: measured.map(numbersOf) };
    return [[name, { ...whole, ...judgement, ...headline, ...numbers }] as const];
  });
  return Object.fromEntries(entries);
}

/** A claim holds only if it held in every run. */
function strictest<Each extends readonly { holds: boolean }[]>(some: Each, others: Each): Each {
  return some.map((claim, index) => ({ ...claim, holds: claim.holds && others[index]?.holds })) as unknown as Each;
}

const numbersOf = ({ throughput, latencyMs }: Measured) => ({ throughput, p99: latencyMs?.p99 ?? null });

/** Random numbers from 0 to below 1, the same for the same words. */
function randomOf(words: string): () => number {
  const below = seeded(createHash('sha256').update(words).digest().readInt32LE());
  return () => below(RANDOM_STEPS) / RANDOM_STEPS;
}
