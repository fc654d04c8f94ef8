import type { StatsByPattern } from '../accounting/stats.ts';
import type { Redis } from '../redis/client.ts';
import { type Connection, connect } from '../redis/connection.ts';
import { type Config, ConfigError, loadConfig, loadDotEnv } from './config.ts';
import { ConnectionLog } from './connection-log.ts';
import { type HealthServer, startHealthServer } from './health.ts';
import { createLogger, type Logger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { redisAddress, redisOptions } from './redis-options.ts';
import { logStats, reportNowAndThen, tellParent } from './reporting.ts';
import { type Stop, stopOnSignals } from './stop.ts';

/** What a service is given to work with. */
export interface Service {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly connection: Connection;
  readonly redis: Redis;
  readonly stop: Stop;
}

/** A service at work. */
export interface Work {
  /** Whether it does what it is there for (besides being connected to Redis). */
  isReady(): boolean;
  figures(): Promise<StatsByPattern>;
  /** Resolves when the work has ended, by itself or by the stop, and nothing is in hand any more. */
  readonly finished: Promise<void>;
}

/**
 * The life of a service: configuration, signals, health server, Redis, work, figures now and then, an orderly end.
 * Ends the process: 0 after its work or a stop, 1 after an error.
 */
export async function runService(name: string, begin: (service: Service) => Work): Promise<never> {
  const config = readConfig(name);
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const fail = (error: unknown): never => {
    log.fatal({ event: 'fatal', err: error }, `Failed: ${(error as Error)?.message ?? error}`);
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const names = config.PATTERN.map((pattern) => pattern.name);
  log.info({ event: 'starting', chosen: names }, `Starting ${name} (${names.join(', ')})`);
  try {
    await live(name, config, log, stopOnSignals(log, config.SHUTDOWN_TIMEOUT), begin);
  } catch (error) {
    fail(error);
  }
  process.exit(0);
}

function readConfig(name: string): Config {
  loadDotEnv();
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.message.split('\n').map((line) => `  ${line}`);
    process.stderr.write(
      `${name}: cannot start; mend these environment variables (see README, "Configuration"):\n${lines.join('\n')}\n`,
    );
    process.exit(1);
  }
}

async function live(
  name: string,
  config: Config,
  log: Logger,
  stop: Stop,
  begin: (service: Service) => Work,
): Promise<void> {
  const connections = new ConnectionLog(log, redisAddress(config));
  const metrics = new Metrics(config.HEALTH_PORT !== 0);
  let work: Work | undefined;
  const isReady = () => connections.isUp && (work?.isReady() ?? false) && !stop.signal.aborted;
  const figures = async () => (await work?.figures()) ?? {};
  const health = await openHealth(config, log, {
    isReady,
    metrics: () => metrics.scrape({ figures, reconnects: () => connections.reconnects }),
  });
  let connection: Connection | undefined;
  try {
    connection = await connect(redisOptions(config, name), connections, stop.signal);
    work = begin({ config, log, metrics, connection, redis: connection.client, stop });
    const endReports = reportNowAndThen({ isReady, figures }, config.STATS_INTERVAL, log);
    await work.finished.finally(endReports);
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
  } finally {
    const last = await figures();
    await connection?.close();
    await health?.close();
    logStats(log, 'stopped', 'Stopped', last);
    await tellParent('stopped', last);
  }
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
