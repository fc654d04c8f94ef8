import { nowMicros } from '../accounting/clock.ts';
import type { Redis } from '../redis/client.ts';
import type { Connection } from '../redis/connection.ts';
import { allDone, type SubscribeOptions, type Subscription } from './delivery.ts';
import { DeliveryBuffer } from './delivery-buffer.ts';

/** What is called for each message of a subscription. */
export type Listener = (payload: Buffer, channel: Buffer) => void;

/**
 * A subscription that Redis pushes messages to, on a connection of its own. Redis keeps nothing of it, so there is nothing
 * to acknowledge, to reject or to requeue.
 *
 * @param subscribe subscribes the listener on the connection
 * @param showsChannel whether deliveries tell the channel that they came by
 */
export async function subscribeToPushes(
  parent: Connection,
  role: string,
  { signal, onOverflow, onInterrupted }: SubscribeOptions,
  subscribe: (redis: Redis, listener: Listener) => Promise<unknown>,
  showsChannel = false,
): Promise<Subscription> {
  const connection = await parent.duplicate(role, signal);
  const arrived = new DeliveryBuffer(onOverflow);
  // A listener that throws would cost its neighbours of the same network read, so it only enqueues.
  const enqueue: Listener = (payload, channel) => {
    connection.signOfLife();
    const via = showsChannel ? { channel: channel.toString() } : undefined;
    arrived.push({ payload, receivedAt: nowMicros(), attempt: 1, ...via });
  };
  try {
    await subscribe(connection.client, enqueue);
  } catch (error) {
    await connection.close();
    throw error;
  }

  let since: number | undefined;
  const interrupted = () => {
    since ??= nowMicros() - Math.round(1000 * (performance.now() - connection.answeredAt));
    onInterrupted?.(0, { since, isOver: false });
  };
  // Told of a lost connection, and again of the new one, before anything can arrive by it; and when it is subscribed.
  for (const event of ['error', 'end', 'reconnecting', 'connect']) connection.client.on(event, interrupted);
  connection.client.on('ready', () => {
    if (since !== undefined) onInterrupted?.(0, { since, isOver: true });
    since = undefined;
  });

  async function unsubscribe(): Promise<void> {
    if (!connection.isClosed) interrupted(); // what comes from now on is not taken
    await connection.close();
    arrived.end();
  }
  signal.addEventListener('abort', unsubscribe, { once: true });
  if (signal.aborted) await unsubscribe();

  return {
    get answeredAt(): number {
      return connection.answeredAt;
    },
    take: (limit) => arrived.take(limit),
    ack: async (done) => allDone(done),
    wasHandled: async () => false,
    reject: async () => 'lost',
    fail: async () => 'lost',
    requeue: async () => false,
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener('abort', unsubscribe);
      await unsubscribe();
    },
  };
}

/** "1 subscriber", "2 subscribers". */
export const subscribers = (count: number): string => `${count} ${count === 1 ? 'subscriber' : 'subscribers'}`;
