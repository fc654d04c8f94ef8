import { setMaxListeners } from 'node:events';
import type { Logger } from './logger.ts';

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;
/** A terminal's Ctrl-C reaches the whole process group, and `npm` passes it on once more: that is one stop, not two. */
const SAME_STOP_MS = 50;

/** How a service is told to end. */
export interface Stop {
  /** Aborts when no more work may be begun. */
  readonly signal: AbortSignal;
  /** Aborts shortly before the deadline: what is not finished must be given back now. */
  readonly abandon: AbortSignal;
  /** Stops as a signal would. */
  request(reason: string): void;
}

/**
 * Stops on SIGTERM, SIGINT, or the death of a parent process that is connected by IPC. After `timeout` seconds the process ends with exit code 1; a
 * second signal ends it at once, with 128 plus the number of the signal.
 */
export function stopOnSignals(log: Logger, timeout: number): Stop {
  const stop = new AbortController();
  const abandon = new AbortController();
  setMaxListeners(0, stop.signal, abandon.signal); // each pattern waits for them in several places
  let stoppedAt = 0;

  function request(reason: string): void {
    if (stop.signal.aborted) return;
    stoppedAt = performance.now();
    log.info({ event: 'stopping', reason }, `Stopping (${reason})`);
    stop.abort(new Error(`stopped by ${reason}`));
    const ms = timeout * 1000;
    setTimeout(() => abandon.abort(), Math.max(ms - 1000, ms / 2)).unref();
    setTimeout(() => {
      log.error({ event: 'killed' }, `Did not stop within SHUTDOWN_TIMEOUT (${timeout} s); ending now`);
      process.exit(1);
    }, ms).unref();
  }

  for (const [name, number] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (!stop.signal.aborted) return request(name);
      if (performance.now() - stoppedAt < SAME_STOP_MS) return;
      log.error({ event: 'killed' }, `Second signal (${name}); ending now`);
      process.exit(128 + number);
    });
  }
  const onOrphaned = () => request('end of the parent process');
  if (process.connected) process.once('disconnect', onOrphaned);
  else if (process.connected === false) onOrphaned(); // while this process was starting; `undefined`: there was no channel
  return { signal: stop.signal, abandon: abandon.signal, request };
}
