import { selectorOf } from '../access/acl-rules.ts';
import { serviceRights } from '../access/service-rights.ts';
import type { StatsByPattern } from '../accounting/stats.ts';
import type { Controlled } from '../live/controlled.ts';
import { Live } from '../live/live.ts';
import { connectionName, type ServiceName } from '../live/protocol.ts';
import { createMessaging, type Messaging } from '../messaging/messaging.ts';
import { isRefusal } from '../redis/refusals.ts';
import { sanitize } from '../text/sanitize.ts';
import { type Config, ConfigError, isLive, loadConfig, loadDotEnv, misspelled, partitionNames } from './config.ts';
import { type HealthServer, startHealthServer } from './health.ts';
import { createLogger, type Logger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { redisServers, redisSource } from './redis-options.ts';
import { logStats, reportNowAndThen, tellParent } from './reporting.ts';
import { type Stop, stopOnSignals } from './stop.ts';

/** What a service is given to work with. */
export interface Service {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly messaging: Messaging;
  readonly stop: Stop;
  /** Its part in the live page, if it has one. */
  readonly live: Live | undefined;
}

/** A service at work. */
export interface Work {
  /** Whether it does what it is there for (besides being connected to Redis). */
  isReady(): boolean;
  /** @param isFinal whether the work has ended */
  stats(isFinal?: boolean): Promise<StatsByPattern>;
  /** What stands behind the title when these stats are shown; without it, the table of them. */
  show?(patterns: StatsByPattern, isFinal?: boolean): Promise<string>;
  /** Resolves when the work has ended, by itself or by the stop, and nothing is in flight any more. */
  readonly finished: Promise<void>;
  /** What the live page can change. */
  readonly controlled: Controlled;
}

/**
 * The life of a service: configuration, signals, health server, Redis, work, stats now and then, an orderly end.
 * Ends the process: 0 after its work or a stop, 1 after an error.
 */
export async function runService(name: ServiceName, begin: (service: Service) => Work): Promise<never> {
  const config = readConfig(name);
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const stop = stopOnSignals(log, config.SHUTDOWN_TIMEOUT);
  process.on('uncaughtException', stop.fail);
  process.on('unhandledRejection', stop.fail);
  const names = config.PATTERN.map((pattern) => pattern.name);
  log.info({ event: 'starting', chosen: names }, `Starting ${name} (${names.join(', ')})`);
  for (const line of misspelled()) log.warn({ event: 'misspelled' }, line);
  try {
    await serve(name, { config, log, stop }, begin);
  } catch (error) {
    stop.fail(error);
  }
  process.exit(stop.exitCode);
}

function readConfig(name: string): Config {
  loadDotEnv();
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.message.split('\n').map((line) => `  ${line}`);
    process.stderr.write(
      `${name}: cannot start; fix these environment variables (see README, "Configuration"):\n${lines.join('\n')}\n`,
    );
    process.exit(1);
  }
}

/** What a service does between its start and its end, in whichever process. Throws what ends it before its stop. */
export async function serve(
  name: ServiceName,
  { config, log, stop }: Pick<Service, 'config' | 'log' | 'stop'>,
  begin: (service: Service) => Work,
): Promise<void> {
  const live = isLive(config) ? takePart(name, config) : undefined;
  const telemetry = live?.telemetry;
  const called = live ? connectionName(name, live.instance) : name;
  const messaging = createMessaging({ redis: redisSource(config, called), logger: log, telemetry });
  const metrics = new Metrics(config.HEALTH_PORT !== 0);
  let work: Work | undefined;
  const isReady = () => messaging.isReady && (work?.isReady() ?? false) && !stop.signal.aborted;
  const stats = async (isFinal = false) => (await work?.stats(isFinal)) ?? {};
  const show = async (patterns: StatsByPattern, isFinal = false) => await work?.show?.(patterns, isFinal);
  const health = await openHealth(config, log, {
    isReady,
    metrics: () => metrics.scrape({ stats: () => stats(), reconnects: () => messaging.reconnects }),
  });
  try {
    const topics = config.PATTERN.flatMap((pattern) => [
      config.topics.get(pattern),
      ...partitionNames(config, pattern),
    ]);
    await Promise.all(['', ...topics].map((topic) => messaging.connect(stop.signal, topic)));
    work = begin({ config, log, metrics, messaging, stop, live });
    const { controlled } = work;
    live?.open({
      redis: messaging.connectionFor().client,
      stats,
      controlled,
      refused: (reason) => cannotListen(name, messaging, log, reason),
    });
    const source = { isReady, stats: () => stats(), show, instance: live?.instance };
    const endReports = reportNowAndThen(source, config.STATS_INTERVAL, log);
    await work.finished.finally(endReports);
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
  } finally {
    const last = await stats(true);
    const shown = process.connected ? '' : await show(last, true); // a parent process that is told shows it
    await live?.close();
    await messaging.close();
    await health?.close();
    logStats(log, 'stopped', 'Stopped', last, shown);
    await tellParent('stopped', last);
  }
}

/** Its part in the live page. */
function takePart(service: ServiceName, config: Config): Live {
  return new Live({
    service,
    name: service === 'publisher' ? config.SENDER : config.CONSUMER,
    group: service === 'publisher' ? null : config.GROUP,
    topics: new Map(config.PATTERN.map((pattern) => [pattern, config.topics.get(pattern) as string])),
    partitions: config.PARTITIONS,
    redis: redisServers(config, service).optionsFor(''),
    takesControls: config.DASHBOARD_CONTROLS === 'on',
  });
}

function cannotListen(name: ServiceName, messaging: Messaging, log: Logger, reason: string): void {
  const user = sanitize(messaging.connectionFor().client.options?.username ?? 'default', 60);
  const rules = serviceRights[name].live.filter(({ command }) => command === 'subscribe').map(selectorOf);
  const hint = isRefusal(reason) ? `; to give it the right: ACL SETUSER ${user} ${rules.join(' ')}` : '';
  const text = `Not on the live page: Redis does not let this service listen to it (${sanitize(reason)})${hint}`;
  log.warn({ event: 'not-live', reason }, text);
}

async function openHealth(
  config: Config,
  log: Logger,
  source: Parameters<typeof startHealthServer>[2],
): Promise<HealthServer | undefined> {
  const { HEALTH_HOST: host, HEALTH_PORT: port } = config;
  if (port === 0) return undefined;
  try {
    const server = await startHealthServer(host, port, source);
    log.info({ event: 'health', host, port }, `Health on http://${host}:${port}/readyz (and /livez, /metrics)`);
    return server;
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'the port is taken' : (error as Error).message;
    throw new Error(
      `cannot listen on HEALTH_HOST ${host}, HEALTH_PORT ${port}: ${reason}; choose another port, or 0 for none`,
    );
  }
}
