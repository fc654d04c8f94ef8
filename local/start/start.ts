/** `npm start`: the local twin of `docker-compose up`. Redis, subscriber and publisher, with one combined log. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, ConfigError, loadConfig, loadDotEnv } from '@redis-messaging/shared/service/config';
import { printLine } from '../process/print-line.ts';
import { stopOnSignals } from '../process/stop-on-signals.ts';
import { type LocalRedis, provideRedis } from '../redis/provide-redis.ts';
import { type DemoService, startDemoService } from './demo-service.ts';
import { finalTable, hasEverythingArrived, isBacklogEmpty, receivedInAll } from './outcome.ts';

/** Nothing has arrived for this long, and nothing waits: what is missing will not arrive: ms. */
const QUIET_MS = 2000;
const READY_TIMEOUT_MS = 30_000;

const say = (line: string) => printLine('start', line);
const services: DemoService[] = [];
const stop = stopOnSignals(
  (name) => say(`Stopping (${name})`),
  () => {
    for (const service of services) service.program.process.kill('SIGKILL');
  },
);

process.exitCode = await main();

async function main(): Promise<number> {
  const config = readConfig();
  if (!config) return 1;
  const redis = await provideRedis(config, say).catch((error: Error) => say(error.message));
  if (!redis) return 1;
  try {
    return await runServices(config, redis);
  } finally {
    await redis.stop();
  }
}

function readConfig(): Config | undefined {
  loadDotEnv();
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    say('Cannot start; fix these environment variables (see README, "Configuration"):');
    for (const line of error.message.split('\n')) say(`  ${line}`);
    return undefined;
  }
}

/** @returns the exit code: 0, or that of the service that failed */
async function runServices(config: Config, redis: LocalRedis): Promise<number> {
  const healthPort = config.HEALTH_PORT;
  const subscriberHealth = healthPort === 0 ? {} : { HEALTH_PORT: String(healthPort + 1) };
  const subscriber = start('subscriber', { ...redis.env, ...subscriberHealth });
  await untilReady(subscriber); // or the first Pub/Sub messages would have no subscribers
  if (stop.aborted || !subscriber.program.isRunning) return await end([subscriber]);
  const publisher = start('publisher', redis.env);

  const failure = await untilDone(config, redis, publisher, subscriber);
  if (failure) say(`${failure}; stopping the rest`);
  const code = await end([publisher, subscriber]);
  const table = finalTable(publisher.reports.stopped?.patterns, subscriber.reports.stopped?.patterns);
  if (table) for (const line of table.split('\n')) say(line);
  return code || (failure ? 1 : 0);
}

/** Resolves when everything has been published and has arrived, or at a stop; or with what went wrong. */
async function untilDone(
  config: Config,
  redis: LocalRedis,
  publisher: DemoService,
  subscriber: DemoService,
): Promise<string | undefined> {
  const gone = async (service: DemoService) => `${service.name} ended with exit code ${await exitCodeOf(service)}`;
  const broken = Promise.race([redis.ended.then(() => 'Redis ended'), gone(subscriber), stopped()]);
  const published = await Promise.race([exitCodeOf(publisher), broken]);
  if (typeof published !== 'number') return published;
  if (stop.aborted) return undefined;
  if (published !== 0) return await gone(publisher);
  return await Promise.race([untilEverythingArrived(config, publisher, subscriber), broken]);
}

function start(name: string, env: NodeJS.ProcessEnv): DemoService {
  const service = startDemoService(name, env);
  services.push(service);
  return service;
}

async function untilReady(service: DemoService): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  const waiting = () => !service.reports.ready && service.program.isRunning && !stop.aborted;
  while (waiting() && performance.now() < deadline) await sleep(20);
}

async function stopped(): Promise<undefined> {
  await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  return undefined;
}

async function untilEverythingArrived(
  config: Config,
  publisher: DemoService,
  subscriber: DemoService,
): Promise<undefined> {
  const quietMs = QUIET_MS + 2000 * config.WORK_TIME;
  let received = -1;
  let since = performance.now();
  while (!stop.aborted && performance.now() - since < quietMs) {
    const now = subscriber.reports.progress?.patterns ?? {};
    if (hasEverythingArrived(publisher.reports.stopped?.patterns ?? {}, now)) return;
    if (receivedInAll(now) !== received || !isBacklogEmpty(now)) since = performance.now();
    received = receivedInAll(now);
    await sleep(50);
  }
}

/** Stops services in their order; the first exit code that is not 0, else 0. */
async function end(inOrder: readonly DemoService[]): Promise<number> {
  const codes: number[] = [];
  for (const service of inOrder) {
    if (service.program.isRunning) service.program.process.kill('SIGTERM');
    codes.push(await exitCodeOf(service));
  }
  return codes.find((code) => code !== 0) ?? 0;
}

/** Waits for the end of a service: its exit code, 1 if a signal ended it. */
async function exitCodeOf({ program }: DemoService): Promise<number> {
  const how = await program.exited;
  return typeof how === 'number' ? how : 1;
}
