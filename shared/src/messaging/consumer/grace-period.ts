/**
 * What a step comes to, or `undefined` if it fails, or if it is not done `ms` after the signal aborted (now, if it has).
 * Before that it may take as long as it needs.
 */
export function within<Result>(step: Promise<Result>, signal: AbortSignal, ms: number): Promise<Result | undefined> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const startTimer = () => {
      timer = setTimeout(done, ms);
    };
    const done = (result?: Result) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', startTimer);
      resolve(result);
    };
    if (signal.aborted) startTimer();
    else signal.addEventListener('abort', startTimer, { once: true });
    step.then(done, () => done());
  });
}
