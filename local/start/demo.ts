import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { printLine } from '../process/print-line.ts';
import { provideCluster } from '../redis/provide-cluster.ts';
import { type LocalRedis, provideRedis } from '../redis/provide-redis.ts';
import { publishByHand } from './by-hand.ts';
import { Dashboard, portOf } from './dashboard/dashboard.ts';
import { Freezer } from './dashboard/freezer.ts';
import type { DemoService } from './demo-service.ts';
import type { DemoFacts } from './facts.ts';
import { KEEPING, keepRedis, RedisSwitch } from './keep/redis.ts';
import { finalTable, handledInAll, hasEverythingArrived, isBacklogEmpty, unexplainedIn } from './outcome.ts';
import { stopDemo } from './stop-demo.ts';
import { Subscribers } from './subscribers.ts';

/** Nothing has arrived for this long, and nothing waits: what is missing will not arrive: ms. */
const QUIET_MS = 2000;

/** A server of a Cluster stays away so long, so that its replica takes over: ms. */
const FAILOVER_MS = 6000;
/** The publisher begins even if the subscriber is not ready by then: ms. */
const READY_TIMEOUT_MS = 30_000;

/** The demo's services, loaded, but not begun. */
export interface LoadedServices {
  readonly publisher: DemoService;
  readonly subscriber: DemoService;
}

/** A demo that is under way. */
interface Demo {
  readonly config: DemoFacts;
  readonly redis: LocalRedis;
  readonly publisher: DemoService;
  readonly subscribers: Subscribers;
  /** What the services lack in their environment. */
  readonly env: NodeJS.ProcessEnv;
  /** The port that the live page is to have; 0 = none. */
  readonly pagePort: number;
  /** Aborts when it is to end. */
  readonly stop: AbortSignal;
}

const say = (line: string) => printLine('start', line);

/** Provides Redis, lets the services begin, waits until all has arrived, or for a stop, and ends them. @returns the exit code: 0, or that of the service that failed */
export async function runDemo(
  { publisher, subscriber: first }: LoadedServices,
  asksForCluster: boolean,
): Promise<number> {
  let subscribers: Subscribers | undefined;
  const stop = stopDemo(say, () => {
    publisher.program.process.kill('SIGKILL');
    if (subscribers) subscribers.kill();
    else first.program.process.kill('SIGKILL');
  });
  let redis: LocalRedis | undefined;
  try {
    const config = await configOf([first, publisher]);
    redis = config && (await redisFor(config, asksForCluster));
    if (!config || !redis) return 1;
    if (stop.aborted) return 0;
    const pagePort = portOf(config, redis.servers.length > 0);
    const env = { ...redis.env, ...(pagePort !== 0 && { LIVE: process.env.LIVE || 'on' }) };
    subscribers = new Subscribers(first, { env: { ...env, ...subscriberEnv(config) }, lossy: config.lossy, say });
    return await run({ config, redis, publisher, subscribers, env, pagePort, stop });
  } finally {
    await Promise.all([publisher.stop(), subscribers?.stop() ?? first.stop()]);
    await redis?.stop();
  }
}

/** What the service that has loaded it first says of the configuration; `undefined` if it has mistakes, or nobody says. */
async function configOf(services: readonly DemoService[]): Promise<DemoFacts | undefined> {
  const ended = Promise.all(services.map(({ program }) => program.exited));
  const facts = await Promise.race([...services.map((service) => service.facts), ended.then(() => undefined)]);
  if (!facts) return undefined; // they have said why
  Object.assign(process.env, facts.env);
  if (!isMistakes(facts.config)) return facts.config;
  say('Cannot start; fix these environment variables (see README, "Configuration"):');
  for (const line of facts.config) say(`  ${line}`);
  return undefined;
}

const isMistakes = (config: DemoFacts | readonly string[]): config is readonly string[] => Array.isArray(config);

/** @returns `undefined` if there is none: says why */
async function redisFor(config: DemoFacts, asksForCluster: boolean): Promise<LocalRedis | undefined> {
  try {
    return await (asksForCluster ? provideCluster : provideRedis)(config, say, KEEPING);
  } catch (error) {
    say((error as Error).message);
    return undefined;
  }
}

/** One name for all its instances, and a port beside the publisher's. */
function subscriberEnv({ CONSUMER, HEALTH_PORT }: DemoFacts) {
  return { CONSUMER, ...(HEALTH_PORT !== 0 && { HEALTH_PORT: String(HEALTH_PORT + 1) }) };
}

/** @returns the exit code: 0, or that of the service that failed */
async function run(demo: Demo): Promise<number> {
  const { redis, publisher, subscribers } = demo;
  const end = new AbortController();
  const stop = AbortSignal.any([demo.stop, end.signal]);
  const switches = redis.servers.map((server) => new RedisSwitch(server));
  const page = servePage(demo, switches);
  const kept = redis.servers.map((server, index) =>
    keepRedis(server, stop, say, {
      by: switches[index] as RedisSwitch,
      delayMs: redis.servers.length > 1 ? FAILOVER_MS : 0,
    }),
  );
  const broken = Promise.race([...kept, subscribers.first.failed, aborted(stop)]);
  const failure = await Promise.race([untilDone({ ...demo, stop }), broken]);
  end.abort();
  if (failure) say(`${failure}; stopping the rest`);
  await page.stop();
  const codes = [await publisher.stop(), await subscribers.stop()];
  const { patterns } = subscribers.first.service.reports.stopped ?? {};
  const table = finalTable(publisher.reports.stopped?.patterns, patterns);
  if (table) for (const line of table.split('\n')) say(line);
  const unexplained = unexplainedIn(patterns);
  if (unexplained > 0)
    say(`${unexplained} messages are missing, and nobody can tell why: this is a fault of this program, or of Redis`);
  return codes.find((code) => code !== 0) ?? (failure || unexplained > 0 ? 1 : 0);
}

/** Serves the live page once the publisher is ready: it takes longest to start, and nobody is to wait for it. */
function servePage(
  { publisher, subscribers, env, pagePort }: Demo,
  redis: readonly RedisSwitch[],
): { stop(): Promise<void> } {
  const freezer = new Freezer();
  let dashboard: Dashboard | undefined;
  let isOver = pagePort === 0;
  void publisher.ready.then(() => {
    if (isOver) return;
    const supervised = { publisher, subscribers, redis, freezer };
    dashboard = new Dashboard({ ...env, DASHBOARD_PORT: pagePort }, supervised, say);
  });
  return {
    async stop() {
      isOver = true;
      freezer.releaseAll();
      await dashboard?.stop();
    },
  };
}

/** Resolves when everything has been published and has arrived; or with what went wrong. */
async function untilDone(demo: Demo): Promise<string | undefined> {
  const { config, redis, publisher, subscribers, env, stop } = demo;
  const timeout = sleep(READY_TIMEOUT_MS, undefined, { ref: false });
  await Promise.race([subscribers.first.ready, timeout]); // or the first Pub/Sub messages would have no subscribers
  if (stop.aborted) return undefined;
  say(crashesToTry(demo));
  say('To publish by hand, in another terminal:');
  for (const line of publishByHand(config.publications, { ...process.env, ...redis.env })) say(`  ${line}`);
  publisher.release(env);
  const how = await publisher.program.exited;
  if (stop.aborted) return undefined;
  if (how !== 0) return `publisher ended with ${typeof how === 'number' ? `exit code ${how}` : how}`;
  await untilEverythingArrived(demo);
  return undefined;
}

/** For whoever wants to see what a crash costs. */
function crashesToTry({ redis, subscribers }: Demo): string {
  const [server] = redis.servers;
  const what = redis.servers.length > 1 ? 'a primary' : 'Redis';
  const programs = { subscriber: subscribers.first.service.program.process.pid, [what]: server?.pid };
  const kills = Object.entries(programs).flatMap(([name, pid]) => (pid ? [`kill -9 ${pid} (${name})`] : []));
  return `To see what a crash costs: ${kills.join(' or ')}; it is started again`;
}

async function aborted(stop: AbortSignal): Promise<undefined> {
  if (!stop.aborted) await once(stop, 'abort');
  return undefined;
}

async function untilEverythingArrived({ config, publisher, subscribers, stop }: Demo): Promise<void> {
  const quietMs = QUIET_MS + 2000 * config.WORK_TIME;
  const { first } = subscribers;
  let handled = -1;
  let since = performance.now();
  while (!stop.aborted && performance.now() - since < quietMs) {
    const now = first.service.reports.progress?.patterns ?? {};
    if (hasEverythingArrived(publisher.reports.stopped?.patterns ?? {}, now)) return;
    if (handledInAll(now) !== handled || !isBacklogEmpty(now) || !first.isReady) since = performance.now();
    handled = handledInAll(now);
    await sleep(50);
  }
}
