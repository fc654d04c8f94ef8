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
