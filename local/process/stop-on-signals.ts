import { setMaxListeners } from 'node:events';

/** The exit code of a run that was stopped. */
export const INTERRUPTED = 130;
/** Why the signal aborted: somebody wants this process to end. */
export class Stopped extends Error {}

/** npm passes Ctrl-C on once more: that is one stop. */
const SAME_STOP_MS = 500;

/**
 * Aborts at the first Ctrl-C or SIGTERM; the second one ends the process.
 * @param onStop told of the first one, with its name
 * @param onEnd called before the process ends at the second one
 */
export function stopOnSignals(onStop: (name: string) => void, onEnd: () => void = () => {}): AbortSignal {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (first === 0) {
        first = performance.now();
        onStop(name);
        stop.abort(new Stopped(`stopped by ${name}`));
      } else if (performance.now() - first > SAME_STOP_MS) {
        onEnd();
        process.exit(INTERRUPTED);
      }
    });
  }
  return stop.signal;
}
