import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `probe` returns something truthy, and returns it.
 * @throws after `timeout` ms, saying what was waited for; or the signal's reason when it aborts
 */
export async function until<Value>(
  what: string,
  probe: () => Value | Promise<Value>,
  timeout = 30_000,
  signal?: AbortSignal,
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + timeout;
  while (true) {
    signal?.throwIfAborted();
    const value = await probe();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`timed out after ${timeout} ms waiting for ${what}`);
    await sleep(10);
  }
}
