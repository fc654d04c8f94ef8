/** `npm run compare`: the same load and the same faults for every pattern, and what came of each promise. */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { findServer } from '../local/find-server.ts';
import { againstBaseline, readBaseline } from './baseline.ts';
import { machineOf } from './machine.ts';
import { HELP, type Options, OptionsError, readOptions } from './options.ts';
import { Progress } from './progress.ts';
import { givenRedis, type LabRedis, OwnRedis } from './redis.ts';
import { renderTerminal } from './report/terminal.ts';
import { writeReport } from './report/write.ts';
import type { ExperimentResult, Results } from './result.ts';
import { type Lab, runExperiment } from './run.ts';

const BAD_OPTIONS = 2;
const INTERRUPTED = 130;
/** npm passes Ctrl-C on once more: that is one stop. */
const SAME_STOP_MS = 500;

const say = (line: string) => process.stderr.write(`${line}\n`);

process.exit(await main());

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (!options) {
      process.stdout.write(HELP);
      return 0;
    }
    return await compare(options, stopOnSignals());
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    for (const line of error.message.split('\n')) say(`compare: ${line}`);
    return BAD_OPTIONS;
  }
}

async function compare(options: Options, signal: AbortSignal): Promise<number> {
  const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline);
  const beganAt = new Date();
  const prefix = `compare:${randomUUID().slice(0, 8)}`;
  const server = options.redis === undefined ? await findServer(say) : undefined;
  await using redis = server ? await OwnRedis.start(server, [], signal) : await openGiven(options, signal);
  const machine = await machineOf(redis.admin);
  say(
    `${machine.redis}, ${server ? 'a private one' : 'yours'}; seed ${options.seed} (--seed ${options.seed} repeats the faults)`,
  );

  const experiments = await runAll({ options, redis, server, prefix, signal });
  const results: Results = {
    version: 1,
    startedAt: beganAt.toISOString(),
    seconds: Math.round((Date.now() - beganAt.getTime()) / 1000),
    interrupted: signal.aborted,
    seed: options.seed,
    options: describe(options),
    machine,
    experiments,
  };
  process.stdout.write(`${renderTerminal(results)}\n`);
  const written = await writeReport(resolve(options.out), results);
  say(`Written: ${written.join(', ')}`);
  if (baseline) for (const line of againstBaseline(results, baseline)) say(line);
  return exitCode(results, baseline);
}

async function runAll(lab: Lab): Promise<ExperimentResult[]> {
  const { experiments, repeat } = lab.options;
  const progress = new Progress(experiments, repeat, say);
  const results: ExperimentResult[] = [];
  for (const experiment of experiments) {
    progress.begin(experiment);
    try {
      const result = await runExperiment(lab, experiment);
      results.push(result);
      progress.end(result);
    } catch (error) {
      if (!lab.signal.aborted) throw error;
      break;
    }
  }
  return results;
}

/** @throws OptionsError if it cannot be used */
async function openGiven({ redis: url, force }: Options, signal: AbortSignal): Promise<LabRedis> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(5000)]);
  const redis = await givenRedis(url as string, patience).catch((error: Error) => {
    throw new OptionsError(
      `--redis: cannot be used (${patience.aborted ? 'no connection within 5 s' : error.message})`,
    );
  });
  const keys = await redis.admin.dbSize();
  if (keys === 0 || force) return redis;
  await redis[Symbol.asyncDispose]();
  throw new OptionsError(
    `--redis: it holds ${keys} keys of others. Use an empty one, another database (…/1), or --force: only keys that begin with "compare:" are touched, but the load is real`,
  );
}

function exitCode(results: Results, baseline: Results | undefined): number {
  if (results.interrupted) return INTERRUPTED;
  const broken = results.experiments.some(
    ({ patterns, skipped }) =>
      skipped?.startsWith('failed') || Object.values(patterns).some(({ verdict }) => verdict === 'broken'),
  );
  return broken || (baseline && againstBaseline(results, baseline).length > 0) ? 1 : 0;
}

function describe({ patterns, experiments, redis, ...rest }: Options): Results['options'] {
  const { baseline = '', ...plain } = rest;
  return {
    ...plain,
    baseline,
    patterns: patterns.map(({ name }) => name),
    experiments: experiments.map(({ name }) => name),
    redis: redis === undefined ? 'private' : 'given',
  };
}

function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (first === 0) {
        first = performance.now();
        say(`\nStopping (${name}); what there is so far will be written`);
        stop.abort(new Error(`stopped by ${name}`));
      } else if (performance.now() - first > SAME_STOP_MS) process.exit(INTERRUPTED);
    });
  }
  return stop.signal;
}
