import type { Redis } from '../redis/client.ts';
import { runScript } from '../redis/script.ts';
import { argumentsOf, WRITE } from './acknowledge.ts';
import type { Delivery, SubscribeOptions, Subscription } from './delivery.ts';

/** Leaves out the deliveries whose attempts are exhausted: those are rejected, and `onExhausted` is told. */
export async function rejectExhausted(
  deliveries: readonly Delivery[],
  { maxAttempts, onExhausted }: Pick<SubscribeOptions, 'maxAttempts' | 'onExhausted'>,
  reject: Subscription['reject'],
): Promise<Delivery[]> {
  for (const delivery of deliveries.filter(({ attempt }) => attempt > maxAttempts)) {
    const reason = `delivered ${delivery.attempt - 1} times and never acknowledged`;
    if ((await reject(delivery, reason)) === 'dead') onExhausted?.(delivery.payload, reason);
  }
  return deliveries.filter(({ attempt }) => attempt <= maxAttempts);
}

/**
 * Runs a script that moves a delivery to the dead letters, with what is to be written in the same step: a crash has both or neither.
 *
 * @param script Lua that returns 0 and changes nothing, if the delivery is not ours; else it goes on to its end
 * @param payload of a message whose attempts are exhausted; not given for what is no message
 * @returns whether it was ours
 */
export async function intoDeadLetters(
  redis: Redis,
  script: string,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
  payload: Buffer | undefined,
  { writesOnDeath, onWriteRefused }: Pick<SubscribeOptions, 'writesOnDeath' | 'onWriteRefused'>,
): Promise<boolean> {
  const writes = (payload && writesOnDeath?.(payload)) ?? [];
  const then = `local nextKey, nextArg, refused = ${keys.length + 1}, ${args.length + 1}, ''\n${WRITE}return refused`;
  const allKeys = [...keys, ...writes.map(({ key }) => key)];
  const reply = await runScript(redis, `${script}${then}`, allKeys, [...args, ...argumentsOf(writes)]);
  if (reply === 0) return false;
  if (String(reply) !== '') onWriteRefused?.(String(reply));
  return true;
}
