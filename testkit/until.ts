import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;
/** Later than this (ms) nobody is who only has much to do. */
const STANDSTILL_MS = 200;

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
  let deadline = performance.now() + timeout;
  while (true) {
    signal?.throwIfAborted();
    const value = await probe();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`timed out after ${timeout} ms waiting for ${what}`);
    const before = performance.now();
    await sleep(LOOK_EVERY_MS);
    const late = performance.now() - before - LOOK_EVERY_MS;
    if (late > STANDSTILL_MS) deadline += late; // this process stood still: what came meanwhile is yet to be read
  }
}
