import { randomUUID } from 'node:crypto';
import { timeLimit } from '@redis-messaging/shared/messaging/time-limit';
import { ConfigError } from '@redis-messaging/shared/service/config';
import { OptionsError } from '../../local/process/command.ts';
import type { Environment } from '../../local/process/environment.ts';
import { findServer } from '../../local/redis/find-server.ts';
import { machineOf } from '../measure/machine.ts';
import { type ExperimentResult, type Results, VERSION } from '../measure/result.ts';
import { peerVersions } from '../peers/index.ts';
import { givenRedis, type LabRedis, OwnRedis } from '../testbed/lab-redis.ts';
import type { Options } from './options.ts';
import { Progress } from './progress.ts';
import { type Lab, runExperiment } from './run.ts';

type Say = (line: string) => void;

/**
 * Runs the chosen experiments, one after the other, and reports its progress. When the signal aborts, it returns the results so far.
 * @throws OptionsError if a Redis was given that cannot be used
 */
export async function runExperiments(options: Options, signal: AbortSignal, say: Say): Promise<Results> {
  const beganAt = new Date();
  const prefix = `compare:${randomUUID().slice(0, 8)}`;
  const server = options.redis === undefined ? await findServer(say) : undefined;
  await using redis = server ? await OwnRedis.start(server, [], signal) : await openGiven(options, signal);
  const machine = await machineOf(redis.admin);
  say(
    `${machine.redis}, ${server ? 'a private one' : 'yours'}; seed ${options.seed} (--seed ${options.seed} repeats the faults)`,
  );

  const experiments = await runAll({ options, redis, server, prefix, signal }, say);
  return {
    version: VERSION,
    startedAt: beganAt.toISOString(),
    seconds: Math.round((Date.now() - beganAt.getTime()) / 1000),
    interrupted: signal.aborted,
    seed: options.seed,
    options: describe(options),
    machine,
    experiments,
  };
}

async function runAll(lab: Lab, say: Say): Promise<ExperimentResult[]> {
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
async function openGiven({ redis: env, force }: Options, signal: AbortSignal): Promise<LabRedis> {
  const patience = timeLimit(5000, signal);
  const redis = await givenRedis(env as Environment, patience).catch((error: Error) => {
    signal.throwIfAborted();
    if (error instanceof ConfigError) throw new OptionsError(error.message);
    throw new OptionsError(
      `your Redis cannot be used (${patience.aborted ? 'no connection within 5 s' : error.message})`,
    );
  });
  const keys = await redis.admin.dbSize();
  if (keys === 0 || force) return redis;
  await redis[Symbol.asyncDispose]();
  throw new OptionsError(
    `your Redis holds ${keys} other keys. Use an empty Redis, another database (…/1), or --force: only its own keys ("compare:…") are touched, but the load is real`,
  );
}

function describe({ patterns, experiments, subscribers, redis, peers, ...rest }: Options): Results['options'] {
  const { baseline = '', ...plain } = rest;
  return {
    ...plain,
    baseline,
    peers: peers && peerVersions(),
    patterns: patterns.map(({ name }) => name),
    experiments: experiments.map(({ name }) => name),
    subscribers: subscribers.join(),
    redis: redis === undefined ? 'private' : 'given',
  };
}
