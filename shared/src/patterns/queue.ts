import { nowMicros } from '../accounting/clock.ts';
import { BatchSize } from '../delivery/batch-size.ts';
import { openBlocking } from '../delivery/blocking.ts';
import { deadLetter, deadLettersOf } from '../delivery/dead-letters.ts';
import { publishOnce } from '../delivery/idempotency.ts';
import { lengthsUpTo } from '../delivery/lengths.ts';
import type { Delivery, Pattern, Subscription } from './pattern.ts';

/** Seconds that one BLPOP waits. Short, because Redis goes on serving a client whose connection broke unnoticed. */
const BLOCK_SECONDS = 1;

/** RPUSH / BLPOP: a list; each message goes to one subscriber, and waits until there is one. */
export const queue = {
  name: 'queue',
  label: 'queue',
  commands: ['RPUSH', 'BLPOP', 'LPOP'],
  guarantees: {
    delivery: 'at-most-once', // once popped, the subscriber has the only copy
    audience: 'one-subscriber',
    groups: false,
    keepsUnread: true,
    replays: false,
    survivesCrash: false,
    ordered: true,
  },
  topic: { variable: 'QUEUE', default: 'message_queue', about: 'List of the pattern `queue`' },

  sent: (list, length) => `Pushed to queue '${list}' (length ${length})`,

  async publish(redis, list, payloads, once?) {
    if (once) return await publishOnce(redis, list, payloads, once, 'list');
    const length = await redis.rPush(list, [...payloads]);
    return lengthsUpTo(length, payloads.length);
  },

  async subscribe(connection, list, { signal, batch }): Promise<Subscription> {
    const redis = connection.client;
    await redis.lLen(list); // what cannot be read is refused here, before anybody counts on the subscription
    const reader = await openBlocking(connection, 'queue', signal);

    const size = new BatchSize(batch);

    /** BLPOP waits for the first message; LPOP with a count then drains, about 25 times as fast. */
    async function take(drain: boolean): Promise<Buffer[] | null> {
      if (drain) return await reader.client.lPopCount(list, size.current);
      const first = await reader.client.blPop(list, BLOCK_SECONDS);
      return first && [first.element];
    }

    async function* batches(): AsyncGenerator<readonly Delivery[]> {
      let drain = false;
      while (!signal.aborted) {
        const payloads = await reader.connection.survive(signal, () => take(drain));
        const receivedAt = nowMicros();
        drain = payloads != null && payloads.length > 0;
        if (!payloads || !drain) continue;
        const deliveries = payloads.map((payload) => ({ payload, receivedAt, attempt: 1 }));
        size.adapt(deliveries);
        yield deliveries;
      }
    }

    return {
      [Symbol.asyncIterator]: batches,
      ack: async (done) => done.map(() => true), // popping was the acknowledgement
      wasHandled: async () => false,
      async reject(bad, reason) {
        await redis.rPush(deadLettersOf(list), deadLetter(bad.payload, reason));
      },
      fail: async () => 'lost', // popped is popped
      async release(unhandled) {
        if (unhandled.length === 0) return true;
        await redis.lPush(list, unhandled.map((delivery) => delivery.payload).reverse());
        return true;
      },
      [Symbol.asyncDispose]: () => reader.close(),
    };
  },

  async backlog(redis, list) {
    const [waiting, dead] = await Promise.all([redis.lLen(list), redis.lLen(deadLettersOf(list))]);
    return { waiting, inFlight: 0, dead, listeners: null };
  },
} as const satisfies Pattern;
