import { nowMicros } from '../../accounting/clock.ts';
import { rejectExhausted } from '../../delivery/attempts.ts';
import { BatchSize } from '../../delivery/batch-size.ts';
import { openBlocking } from '../../delivery/blocking.ts';
import { deadLetter, deadLettersOf } from '../../delivery/dead-letters.ts';
import { acknowledgeOnce, isMarked, publishOnce } from '../../delivery/idempotency.ts';
import { lengthsUpTo } from '../../delivery/lengths.ts';
import { throttle } from '../../delivery/throttle.ts';
import { runScript } from '../../redis/script.ts';
import type { Delivery, Pattern, Subscription } from '../pattern.ts';
import { ACK, ACK_ALL, GIVE_BACK, RECLAIM, REJECT, TAKE } from './scripts.ts';

/** Seconds that one BLMOVE waits. */
const BLOCK_SECONDS = 1;

/** RPUSH / BLMOVE: a list; what a subscriber takes lies in a list of its own until it is done, so that nothing is lost. */
export const reliableQueue = {
  name: 'reliable-queue',
  label: 'reliable queue',
  commands: ['RPUSH', 'BLMOVE', 'LREM'],
  guarantees: {
    delivery: 'at-least-once',
    audience: 'one-subscriber',
    groups: false,
    keepsUnread: true,
    replays: false,
    survivesCrash: true,
    ordered: true,
  },
  topic: {
    variable: 'RELIABLE_QUEUE',
    default: 'message_reliable_queue',
    about: 'List of the pattern `reliable-queue`',
  },

  sent: (list, length) => `Pushed to reliable queue '${list}' (length ${length})`,

  async publish(redis, list, payloads, once?) {
    if (once) return await publishOnce(redis, list, payloads, once, 'list');
    const length = await redis.rPush(list, [...payloads]);
    return lengthsUpTo(length, payloads.length);
  },

  async subscribe(connection, list, options): Promise<Subscription> {
    const redis = connection.client;
    const { signal, batch, consumer, reclaimAfterMs, maxAttempts } = options;
    const keys = keysOf(list, consumer);
    const { processing, attempts, consumers } = keys;
    await redis.lLen(list); // what cannot be read is refused here, before anybody counts on the subscription
    await redis.sAdd(consumers, consumer);
    const beat = () => redis.set(keys.alive, '1', { PX: reclaimAfterMs });
    await beat();
    const reader = await openBlocking(connection, 'reliable-queue', signal);
    void beat().catch(() => {}); // opening may have taken its time
    const heart = setInterval(() => void beat().catch(() => {}), reclaimAfterMs / 3);
    const { client } = reader;
    const size = new BatchSize(batch);
    const isTimeToTidy = throttle(reclaimAfterMs / 2);
    let isUnsure = true; // whether something may lie in our list that we do not know of
    client.on('ready', () => {
      isUnsure = true;
    });

    /** After a failure nobody knows whether a message is still in our list. */
    async function orUnsure<Reply>(step: Promise<Reply>): Promise<Reply> {
      return await step.catch((error) => {
        isUnsure = true;
        throw error;
      });
    }

    /** Returns to the queue what a consumer has in hand, oldest first, each with one attempt more. */
    const reclaim = (name: string, alive: string) =>
      runScript(client, RECLAIM, [keysOf(list, name).processing, list, attempts, consumers, alive], [name]);

    async function tidy(): Promise<void> {
      await client.sAdd(consumers, consumer); // others may have taken us for dead while this process stood still
      if (isUnsure) await reclaim(consumer, '');
      isUnsure = false;
      for (const name of await redis.sMembers(consumers)) {
        if (name !== consumer) await reclaim(name, keysOf(list, name).alive);
      }
    }

    /** BLMOVE waits for the first message; a script then drains as LMOVE would, many at a time. */
    async function take(drain: boolean): Promise<Delivery[]> {
      if (isUnsure || isTimeToTidy()) await tidy();
      if (!drain) {
        const first = await client.blMove(list, processing, 'LEFT', 'RIGHT', BLOCK_SECONDS);
        if (first === null) return [];
      }
      const reply = (await runScript(
        client,
        TAKE,
        [list, processing, attempts],
        [String(size.current), drain ? '0' : '1'],
      )) as [Buffer[], (Buffer | null)[]];
      const receivedAt = nowMicros();
      const deliveries = reply[0].map((payload, index) => ({
        payload,
        receivedAt,
        attempt: Number(reply[1][index] ?? 0) + 1,
      }));
      return await rejectExhausted(deliveries, options, reject);
    }

    async function* batches(): AsyncGenerator<readonly Delivery[]> {
      let drain = false;
      while (!signal.aborted) {
        const deliveries = await reader.connection.survive(signal, () => orUnsure(take(drain)));
        drain = deliveries !== undefined && deliveries.length > 0;
        if (!deliveries || !drain) continue;
        size.adapt(deliveries);
        yield deliveries;
      }
    }

    async function reject({ payload }: Delivery, reason: string): Promise<void> {
      const letter = deadLetter(payload, reason);
      await orUnsure(runScript(redis, REJECT, [processing, deadLettersOf(list), attempts], [payload, letter]));
    }

    /** Mostly all that is in hand is done, and need not be named message by message. */
    async function acknowledge(payloads: readonly Buffer[]): Promise<void> {
      const ends = [payloads[0], payloads.at(-1)] as Buffer[];
      const all = await runScript(redis, ACK_ALL, [processing, attempts], [String(payloads.length), ...ends]);
      if (all === 0) await runScript(redis, ACK, [processing, attempts], payloads);
    }

    const giveBack = (deliveries: readonly Delivery[], side: 'head' | 'tail', countsAttempt: boolean) =>
      orUnsure(
        runScript(
          redis,
          GIVE_BACK,
          [processing, list, attempts],
          [side, countsAttempt ? '1' : '0', ...payloadsOf(deliveries)],
        ),
      );

    return {
      [Symbol.asyncIterator]: batches,
      async ack(done, once) {
        if (done.length === 0) return [];
        const payloads = payloadsOf(done);
        if (once) {
          const step = { script: ACK, keys: [processing, attempts], args: payloads };
          return await acknowledgeOnce(connection, signal, keys.handled, once, step);
        }
        await connection.survive(signal, () => acknowledge(payloads));
        return done.map(() => true);
      },
      wasHandled: (id) => isMarked(redis, keys.handled, id),
      reject,
      async fail(failed, reason) {
        if (failed.attempt < maxAttempts) {
          await giveBack([failed], 'tail', true);
          return 'again';
        }
        await reject(failed, reason);
        return 'dead';
      },
      async release(unhandled) {
        if (unhandled.length > 0) await giveBack([...unhandled].reverse(), 'head', false);
        return true;
      },
      async [Symbol.asyncDispose]() {
        clearInterval(heart);
        await reader.close();
        if (!redis.isReady) return;
        await redis.del(keys.alive).catch(() => {}); // what is still in hand may be taken over at once
        if ((await redis.lLen(processing).catch(() => 1)) === 0) await redis.sRem(consumers, consumer).catch(() => {});
      },
    };
  },

  async backlog(redis, list) {
    const [waiting, dead, names] = await Promise.all([
      redis.lLen(list),
      redis.lLen(deadLettersOf(list)),
      redis.sMembers(keysOf(list, '').consumers),
    ]);
    const inHand = await Promise.all(names.map((name) => redis.lLen(keysOf(list, name).processing)));
    return { waiting, inFlight: inHand.reduce((sum, count) => sum + count, 0), dead, listeners: names.length };
  },
} as const satisfies Pattern;

/** Where a list's subscribers keep what they need. */
function keysOf(list: string, consumer: string) {
  return {
    /** What the consumer has in hand. */
    processing: `${list}:processing:${consumer}`,
    /** There while the consumer gives signs of life. */
    alive: `${list}:alive:${consumer}`,
    /** Set of the consumers that have, or may have, something in hand. */
    consumers: `${list}:consumers`,
    /** By the hash of a payload: how often it has been delivered in vain. */
    attempts: `${list}:attempts`,
    /** How many messages have been handled once, and the beginning of their marks' names. */
    handled: `${list}:handled`,
  };
}

const payloadsOf = (deliveries: readonly Delivery[]): Buffer[] => deliveries.map((delivery) => delivery.payload);
