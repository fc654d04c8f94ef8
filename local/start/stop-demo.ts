import { onOutputClosed } from '../process/output-closed.ts';
import { onParentGone } from '../process/parent-gone.ts';
import { stopOnSignals } from '../process/stop-on-signals.ts';

/**
 * Aborts when the demo is to stop: at Ctrl-C or SIGTERM, when the npm that runs it is gone, or when nobody reads its output any more
 * (`npm start | head`).
 * @param onAgain called before the process ends at once, because somebody does not want to wait
 */
export function stopDemo(say: (line: string) => void, onAgain: () => void): AbortSignal {
  const gone = new AbortController();
  onOutputClosed(() => gone.abort());
  onParentGone(() => {
    if (!stop.aborted) say('Stopping (npm is gone)');
    gone.abort();
  });
  const signals = stopOnSignals((name) => say(`Stopping (${name})`), onAgain);
  const stop = AbortSignal.any([signals, gone.signal]);
  return stop;
}
