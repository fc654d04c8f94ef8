import type { Environment } from '../../local/process/environment.ts';
import { builtCommand } from '../../local/process/node-command.ts';
import type { Subject } from '../peers/subject.ts';
import { Evidence } from './evidence.ts';
import { FaultLog } from './fault-log.ts';
import type { LabRedis } from './lab-redis.ts';
import type { Load } from './load.ts';
import { GROUP, type ServiceCommand, Services } from './services.ts';
import { Topics } from './topics.ts';
import { Waits } from './waits.ts';

/** Everything that one run of an experiment works with. Disposing it kills the services, and removes the run's keys. */
export interface Testbed extends AsyncDisposable {
  readonly patterns: readonly Subject[];
  readonly load: Load;
  /** Which pattern comes first, where they run one after the other: this one of the list. Others in every run, by the seed. */
  readonly turn: number;
  readonly redis: LabRedis;
  /** Aborts when everything is to end. */
  readonly signal: AbortSignal;
  /** Whether the services are ours as they were built; others start from source, which costs memory. */
  readonly isBuilt: boolean;
  readonly topics: Topics;
  readonly services: Services;
  readonly faults: FaultLog;
  readonly waits: Waits;
  readonly evidence: Evidence;
}

interface TestbedOptions {
  readonly redis: LabRedis;
  readonly patterns: readonly Subject[];
  readonly load: Load;
  readonly turn: number;
  /** Further variables for the services. */
  readonly env: Environment;
  readonly command: ServiceCommand;
  /** All names in Redis begin with this. */
  readonly prefix: string;
  /** From 0 to below 1; repeatable. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Seconds: short, so that experiments do not wait long for what a crashed subscriber had in flight. */
const RECLAIM_AFTER = 1;

/** A testbed for one run, with no service yet. */
export function openTestbed({ prefix, env, command, random, ...given }: TestbedOptions): Testbed {
  const { redis, patterns, load, signal } = given;
  const beganAt = Date.now();
  const topics = new Topics(redis.admin, prefix);
  const serviceEnv = {
    ...redis.env,
    ...topics.envOf(patterns),
    PATTERN: patterns.map(({ name }) => name).join(),
    MESSAGE_SIZE: load.size,
    LOG_LEVEL: 'debug',
    RECLAIM_AFTER,
    GROUP,
    ...env,
  };
  const services = new Services({ env: serviceEnv, load, command, signal });
  return {
    ...given,
    isBuilt: command === builtCommand,
    topics,
    services,
    faults: new FaultLog(beganAt, load, random),
    waits: new Waits(patterns, services, topics, signal),
    evidence: new Evidence(patterns, services, topics, beganAt),
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]();
      if (!redis.endsWithRun) await topics.remove();
    },
  };
}
