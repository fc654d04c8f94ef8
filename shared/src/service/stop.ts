import { setMaxListeners } from 'node:events';
import type { Logger } from './logger.ts';
import { exitCodeAfter, onStopSignals } from './signals.ts';

/** How a service is told to end. */
export interface Stop {
  /** Aborts when no more work may be begun. */
  readonly signal: AbortSignal;
  /** Aborts shortly before the deadline: what is not finished must be requeued now. */
  readonly abandon: AbortSignal;
  /** Stops as a signal would. */
  request(reason: string): void;
  /** Stops because of a mistake in the program: handlers must give up at once. Says it, and makes the exit code 1. */
  fail(error: unknown): void;
  /** The exit code: 0, or 1 after a mistake. */
  readonly exitCode: number;
}

/**
 * Stops on SIGTERM, SIGINT, or the end of a parent process that is connected by IPC. After `timeout` seconds the process ends
 * with exit code 1; a second signal (see signals.ts) ends it at once, with 128 plus the number of the signal.
 */
export function stopOnSignals(log: Logger, timeout: number): Stop {
  const stop = new AbortController();
  const abandon = new AbortController();
  setMaxListeners(0, stop.signal, abandon.signal); // each pattern waits for them in several places

  let exitCode = 0;

  function request(reason: string): void {
    if (stop.signal.aborted) return;
    log.info({ event: 'stopping', reason }, `Stopping (${reason})`);
    stop.abort(new Error(`stopped by ${reason}`));
    const ms = timeout * 1000;
    setTimeout(() => abandon.abort(), Math.max(ms - 1000, ms / 2)).unref();
    setTimeout(() => {
      log.error({ event: 'killed' }, `Shutdown timed out after ${timeout} s (SHUTDOWN_TIMEOUT); exiting`);
      process.exit(1);
    }, ms); // not unref'd: while a stop is under way, the process must not end because nothing else is left to wait for
  }

  function fail(error: unknown): void {
    exitCode = 1;
    log.fatal({ event: 'fatal', err: error }, `Failed: ${(error as Error)?.message ?? error}`);
    request('a mistake in the program');
    abandon.abort(new Error('the program failed'));
  }

  onStopSignals(request, (name) => {
    log.error({ event: 'killed' }, `Second signal (${name}); exiting`);
    process.exit(exitCodeAfter(name));
  });
  const onOrphaned = () => request('end of the parent process');
  if (process.connected) process.once('disconnect', onOrphaned);
  else if (process.connected === false) onOrphaned(); // while this process was starting; `undefined`: there was no channel
  return {
    signal: stop.signal,
    abandon: abandon.signal,
    request,
    fail,
    get exitCode() {
      return exitCode;
    },
  };
}
