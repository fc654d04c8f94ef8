import { setMaxListeners } from 'node:events';
import { exitCodeAfter, onStopSignals, type StopSignal } from '@redis-messaging/shared/service/signals';

/** The exit code of a command that Ctrl-C stopped. */
export const INTERRUPTED = exitCodeAfter('SIGINT');
/** Why the signal aborted: Ctrl-C or SIGTERM. */
export class Stopped extends Error {}

/**
 * Aborts at the first Ctrl-C or SIGTERM; a second one ends the process.
 * @param onStop called at the first one
 * @param onEnd called before the process ends at the second one
 */
export function stopOnSignals(onStop: (name: StopSignal) => void, onEnd: () => void = () => {}): AbortSignal {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  onStopSignals(
    (name) => {
      onStop(name);
      stop.abort(new Stopped(`stopped by ${name}`));
    },
    () => {
      onEnd();
      process.exit(INTERRUPTED);
    },
  );
  return stop.signal;
}
