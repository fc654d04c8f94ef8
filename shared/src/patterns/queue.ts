import { nowMicros } from '../accounting/clock.ts';
import { BLOCKING_RIGHTS, openBlocking } from '../delivery/blocking-connection.ts';
import { deadLetter, deadLettersInList } from '../delivery/dead-letters.ts';
import { allDone, type Delivery, lengthsUpTo, type Subscription, tooLarge } from '../delivery/delivery.ts';
import { publishOnce } from '../delivery/idempotency.ts';
import { deadLettersOf } from '../delivery/keys.ts';
import { outcomeOf } from '../redis/outcome.ts';
import { bury, LIST_ADDITION, LIST_HEAD_RIGHTS, LIST_PUBLISH_RIGHTS, popMany } from './lists.ts';
import type { Pattern } from './pattern.ts';

/** Seconds that one BLPOP waits. Short, because Redis goes on serving a client whose connection broke unnoticed. */
const BLOCK_SECONDS = 1;

/** RPUSH / BLPOP: a list; each message goes to one subscriber, and waits until there is one. */
export const queue = {
  name: 'queue',
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
  rights: {
    publish: LIST_PUBLISH_RIGHTS,
    subscribe: ['blpop', 'lpush', ...LIST_HEAD_RIGHTS, ...BLOCKING_RIGHTS],
    backlog: ['~topic', '~topic:*', 'llen'],
  },
  benchmark: (key) => ['RPUSH', key],
  isPartitionable: true,
  topic: { variable: 'QUEUE', default: 'message_queue', about: 'List of the pattern `queue`' },
  deadLetters: deadLettersInList,

  sent: (list, length) => `Pushed to queue '${list}' (length ${length})`,

  async publish(redis, list, payloads, once?) {
    if (once) return await publishOnce(redis, list, payloads, once, LIST_ADDITION);
    const length = await redis.rPush(list, [...payloads]);
    return lengthsUpTo(length, payloads.length);
  },

  async subscribe(connection, list, { signal, maxMessageBytes, onTooLarge, onInterrupted }): Promise<Subscription> {
    const redis = connection.client;
    await redis.lLen(list); // what cannot be read is refused here, before anybody counts on the subscription
    const reader = await openBlocking(connection, 'queue', signal);
    let drains = false;

    /** BLPOP waits for the first message; a script then drains, about 25 times as fast. */
    async function pop(limit: number): Promise<readonly Buffer[]> {
      if (!drains) {
        const first = await reader.client.blPop(list, BLOCK_SECONDS);
        return first ? [first.element] : [];
      }
      const [payloads, others] = await popMany(reader.client, list, limit, maxMessageBytes);
      for (const [bytes, beginning] of others) onTooLarge?.(bytes, beginning, tooLarge(bytes, maxMessageBytes));
      return payloads;
    }

    /** The reply that the connection broke before may have had as many messages as were asked for. */
    function interrupted(error: unknown, asked: number): never {
      if (outcomeOf(error) === 'unknown') onInterrupted?.(asked);
      throw error;
    }

    return {
      get answeredAt(): number {
        return reader.answeredAt;
      },
      async take(limit): Promise<readonly Delivery[] | undefined> {
        while (!signal.aborted) {
          const payloads = await reader.read(() => pop(limit).catch((error) => interrupted(error, drains ? limit : 1)));
          const receivedAt = nowMicros();
          drains = payloads !== undefined && payloads.length > 0;
          if (payloads && drains) return payloads.map((payload) => ({ payload, receivedAt, attempt: 1 }));
        }
        reader.end();
        return undefined;
      },
      ack: async (done) => allDone(done), // popping was the acknowledgement
      wasHandled: async () => false,
      async reject(bad, reason) {
        // Nobody else has it, so it is tried until it is stored or the stop; it may come twice, but is not lost.
        const isStored = await connection.survive(signal, async () => {
          if (bad.payload.length > maxMessageBytes) await bury(redis, list, bad.payload, reason);
          else await redis.rPush(deadLettersOf(list), deadLetter(bad.payload, reason));
          return true;
        });
        return isStored ? 'dead' : 'lost';
      },
      fail: async () => 'lost', // popped is popped
      async requeue(unhandled) {
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
