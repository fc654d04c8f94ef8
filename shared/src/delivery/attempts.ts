import type { Delivery, SubscribeOptions } from '../patterns/pattern.ts';

/** Leaves out the deliveries whose attempts are used up: those are rejected, and `onDead` is told. */
export async function rejectExhausted(
  deliveries: readonly Delivery[],
  { maxAttempts, onDead }: Pick<SubscribeOptions, 'maxAttempts' | 'onDead'>,
  reject: (delivery: Delivery, reason: string) => Promise<void>,
): Promise<Delivery[]> {
  for (const delivery of deliveries.filter(({ attempt }) => attempt > maxAttempts)) {
    const reason = `delivered ${delivery.attempt - 1} times and never acknowledged`;
    await reject(delivery, reason);
    onDead?.(delivery.payload, reason);
  }
  return deliveries.filter(({ attempt }) => attempt <= maxAttempts);
}
