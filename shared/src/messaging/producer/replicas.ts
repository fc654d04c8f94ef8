import type { Redis } from '../../redis/client.ts';

/** How long replicas may take to confirm a batch: ms. */
const WAIT_MS = 1000;

/** Redis has taken a batch, but too few replicas have it yet to be sure that it survives the loss of the primary. */
export class UnreplicatedError extends Error {
  constructor(confirmed: string) {
    super(`Redis has it, but not the replicas that were to confirm it within ${WAIT_MS / 1000} s (${confirmed})`);
  }
}

/**
 * Waits until a batch is on this many replicas. WAIT is sent right behind the batch, so that it waits for just that: call it as soon
 * as the batch was given to the client.
 * @throws why the batch was not published; UnreplicatedError if it was, and too few replicas confirmed it
 */
export async function replicated<Reply>(
  redis: Pick<Redis, 'wait'>,
  replicas: number,
  publishing: Promise<Reply>,
): Promise<Reply> {
  const [published, waited] = await Promise.allSettled([publishing, redis.wait(replicas, WAIT_MS)]);
  if (published.status === 'rejected') throw published.reason;
  if (waited.status === 'rejected') throw new UnreplicatedError(waited.reason.message);
  if (waited.value < replicas) throw new UnreplicatedError(`${waited.value} of ${replicas}`);
  return published.value;
}
