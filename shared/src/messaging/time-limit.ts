/**
 * A signal that aborts with one of these, or after a time. In place of AbortSignal.any with AbortSignal.timeout: nothing holds the
 * timeout then, so it may be collected as garbage, and never comes (nodejs/node#57736). Like that, it keeps no process alive.
 * @param ms from now on
 */
export function timeLimit(ms: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const over = new AbortController();
  const abort = () => over.abort(new DOMException('The time is over', 'TimeoutError'));
  setTimeout(abort, ms).unref(); // the timer holds the controller
  return AbortSignal.any([over.signal, ...signals]);
}
