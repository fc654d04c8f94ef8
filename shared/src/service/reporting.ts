import { type StatsByPattern, statsTable } from '../accounting/stats.ts';
import type { Logger } from './logger.ts';

/** What a service tells a parent process that started it with an IPC channel. */
export interface ServiceReport {
  readonly event: 'ready' | 'progress' | 'stopped';
  readonly patterns: StatsByPattern;
  /** `ready`: how the live page calls this process, if it shows it. */
  readonly instance?: string | undefined;
}

interface Source {
  isReady(): boolean;
  stats(): Promise<StatsByPattern>;
  /** As in `Work`. */
  show?(patterns: StatsByPattern): Promise<string | undefined>;
  readonly instance?: string | undefined;
}

const PROGRESS_EVERY_MS = 100;
/** How often to look whether the service is ready: whoever waits for that waits at most this much too long. */
const LOOK_EVERY_MS = 10;

/** Logs the stats of all patterns. @param shown what stands behind the title: else a table, with the patterns side by side */
export function logStats(
  log: Logger,
  event: 'stats' | 'stopped',
  title: string,
  patterns: StatsByPattern,
  shown = Object.keys(patterns).length > 0 ? `\n${statsTable(patterns)}` : '',
): void {
  log.info({ event, patterns }, `${title}${shown}`);
}

/** Sends a report to the parent process, if there is one that listens. */
export async function tellParent(
  event: ServiceReport['event'],
  patterns: StatsByPattern,
  instance?: string,
): Promise<void> {
  if (!process.connected) return;
  const report: ServiceReport = { event, patterns, ...(instance !== undefined && { instance }) };
  await new Promise<void>((resolve) => process.send?.(report, () => resolve()));
}

/**
 * Logs the stats every `seconds`, and says once that the service is ready. Tells a parent process how things stand.
 * @returns ends it
 */
export function reportNowAndThen(source: Source, seconds: number, log: Logger): () => void {
  const stats = setInterval(async () => {
    const patterns = await source.stats();
    logStats(log, 'stats', 'Stats', patterns, await source.show?.(patterns));
  }, seconds * 1000);
  const look = setInterval(() => {
    if (!source.isReady()) return;
    clearInterval(look);
    log.info({ event: 'ready' }, 'Ready');
    void tellParent('ready', {}, source.instance);
  }, LOOK_EVERY_MS);
  const progress = setInterval(async () => {
    if (process.connected) void tellParent('progress', await source.stats());
    else clearInterval(progress);
  }, PROGRESS_EVERY_MS);
  return () => {
    clearInterval(stats);
    clearInterval(look);
    clearInterval(progress);
  };
}
