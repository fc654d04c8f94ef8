import { nowMicros } from '../../accounting/clock.ts';
import { rejectExhausted } from '../../delivery/attempts.ts';
import { BatchSize } from '../../delivery/batch-size.ts';
import { openBlocking } from '../../delivery/blocking.ts';
import { deadLettersOf } from '../../delivery/dead-letters.ts';
import { acknowledgeOnce, isMarked, publishOnce } from '../../delivery/idempotency.ts';
import { lengthsUpTo } from '../../delivery/lengths.ts';
import { throttle } from '../../delivery/throttle.ts';
import type { Redis } from '../../redis/client.ts';
import { outcomeOf } from '../../redis/outcome.ts';
import { runScript } from '../../redis/script.ts';
import type { Delivery, Pattern, SubscribeOptions, Subscription } from '../pattern.ts';
import { ACK, ADD_ALL, REJECT, TRIM_ACKNOWLEDGED } from './scripts.ts';

/** Milliseconds that one XREADGROUP waits. */
const BLOCK_MS = 1000;
/** The one field of an entry. One fixed name, because the client's replies drop or merge fields of certain names. */
const FIELD = 'payload';
/** Pending for so long (ms) that anybody may claim it at once. */
const ABANDONED_MS = 1_000_000_000;

interface Entry {
  readonly id: Buffer;
  readonly message: Record<string, Buffer>;
}

/** XADD / XREADGROUP / XACK: a log; each group of subscribers gets every message, and its members share them. */
export const stream = {
  name: 'stream',
  label: 'stream',
  commands: ['XADD', 'XREADGROUP', 'XACK', 'XAUTOCLAIM'],
  guarantees: {
    delivery: 'at-least-once',
    audience: 'one-subscriber', // of each group
    groups: true,
    keepsUnread: true,
    replays: true,
    survivesCrash: true,
    ordered: true,
  },
  topic: { variable: 'STREAM', default: 'message_stream', about: 'Stream of the pattern `stream`' },

  sent: (key, length) => `Added to stream '${key}' (length ${length})`,

  async publish(redis, key, payloads, once?) {
    if (once) return await publishOnce(redis, key, payloads, once, FIELD);
    const length = (await runScript(redis, ADD_ALL, [key], [FIELD, ...payloads])) as number;
    return lengthsUpTo(length, payloads.length);
  },

  async subscribe(connection, key, options): Promise<Subscription> {
    const redis = connection.client;
    const { signal, batch, group, consumer, reclaimAfterMs, maxAttempts, onMissing } = options;
    await ensureGroup(redis, key, group, options.groupStart);
    const reader = await openBlocking(connection, 'stream', signal);
    const { client } = reader;
    // What is pending under this name comes first: from an earlier life, or because a reply was lost on the way.
    let ownFrom: string | undefined = '-';
    client.on('ready', () => {
      ownFrom = '-';
    });
    const size = new BatchSize(batch);
    const isTimeToTidy = throttle(reclaimAfterMs / 2);
    // Where the search for what others have abandoned goes on; once begun, it goes through to the end.
    let abandonedFrom: string | undefined;

    async function takeOwn(): Promise<Delivery[]> {
      const pending = await client.xPendingRange(key, group, ownFrom as string, '+', size.current, { consumer });
      const last = pending.at(-1)?.id;
      ownFrom = last === undefined ? undefined : `(${last}`;
      if (last === undefined) return [];
      const ids = pending.map(({ id }) => id);
      const entries = (await client.xClaim(key, group, consumer, 0, ids)) as (Entry | null)[];
      const attempts = new Map(pending.map(({ id, deliveriesCounter }) => [String(id), deliveriesCounter + 1]));
      return await claimed(entries, ids.length, attempts);
    }

    async function takeAbandoned(): Promise<Delivery[]> {
      const from = abandonedFrom as string;
      const reply = await client.xAutoClaim(key, group, consumer, reclaimAfterMs, from, { COUNT: size.current });
      const next = String(reply.nextId);
      abandonedFrom = next === '0-0' ? undefined : next;
      const entries = reply.messages as (Entry | null)[];
      onMissing?.(reply.deletedMessages.length);
      if (entries.length === 0) return [];
      const ids = entries.flatMap((entry) => (entry ? [String(entry.id)] : []));
      const range = [ids[0] ?? '-', ids.at(-1) ?? '+'] as const;
      const pending = await client.xPendingRange(key, group, ...range, 2 * batch, { consumer });
      const attempts = new Map(pending.map(({ id, deliveriesCounter }) => [String(id), deliveriesCounter]));
      return await claimed(entries, entries.length, attempts);
    }

    /** Deliveries of entries that were claimed; those of which there is no more, or too many attempts, are settled. */
    async function claimed(entries: readonly (Entry | null)[], asked: number, attempts: ReadonlyMap<string, number>) {
      const there = entries.filter((entry) => entry !== null);
      if (there.length < asked) onMissing?.(asked - there.length);
      return await rejectExhausted(deliveriesOf(there, attempts), options, reject);
    }

    async function takeNew(): Promise<Delivery[]> {
      const position = { key, id: '>' };
      const reply = await client.xReadGroup(group, consumer, position, { COUNT: size.current, BLOCK: BLOCK_MS });
      return deliveriesOf((reply?.[0]?.messages ?? []) as unknown as Entry[]);
    }

    async function take(): Promise<Delivery[]> {
      if (ownFrom !== undefined) {
        const own = await takeOwn();
        if (own.length > 0) return own;
        if (ownFrom !== undefined) return [];
      }
      if (isTimeToTidy()) {
        abandonedFrom ??= '0-0';
        if (options.maxLength > 0) await runScript(client, TRIM_ACKNOWLEDGED, [key], [String(options.maxLength)]);
      }
      while (abandonedFrom !== undefined) {
        const abandoned = await takeAbandoned();
        if (abandoned.length > 0) return abandoned;
      }
      return await takeNew();
    }

    /** A group or stream that somebody deleted is made again. */
    async function takeFromGroup(): Promise<Delivery[]> {
      try {
        return await take();
      } catch (error) {
        if (!/NOGROUP|no longer exists/.test((error as Error).message)) throw error;
        await ensureGroup(redis, key, group, '0');
        return [];
      }
    }

    async function* batches(): AsyncGenerator<readonly Delivery[]> {
      while (!signal.aborted) {
        const deliveries = await reader.connection.survive(signal, takeFromGroup);
        if (!deliveries || deliveries.length === 0) continue;
        size.adapt(deliveries);
        yield deliveries;
      }
    }

    async function reject({ id = '', payload }: Delivery, reason: string): Promise<void> {
      const details = [group, id, FIELD, payload, reason, new Date().toISOString()];
      await runScript(redis, REJECT, [key, deadLettersOf(key)], details);
    }

    return {
      [Symbol.asyncIterator]: batches,
      async ack(done, once) {
        const ids = idsOf(done);
        if (ids.length === 0) return [];
        if (once) {
          const step = { script: ACK, keys: [key], args: [group, ...ids] };
          return await acknowledgeOnce(connection, signal, handledOf(key, group), once, step);
        }
        await connection.survive(signal, () => redis.xAck(key, group, ids));
        return done.map(() => true);
      },
      wasHandled: (id) => isMarked(redis, handledOf(key, group), id),
      reject,
      async fail(failed, reason) {
        if (failed.attempt < maxAttempts) return 'again'; // it stays pending
        await reject(failed, reason);
        return 'dead';
      },
      async release(unhandled) {
        for (const attempt of new Set(unhandled.map((delivery) => delivery.attempt))) {
          const ids = idsOf(unhandled.filter((delivery) => delivery.attempt === attempt));
          await redis.xClaimJustId(key, group, consumer, 0, ids, { IDLE: ABANDONED_MS, RETRYCOUNT: attempt - 1 });
        }
        return true;
      },
      async [Symbol.asyncDispose]() {
        await reader.close();
        await forgetIdleConsumer(redis, key, options).catch(() => {});
      },
    };
  },

  async backlog(redis, key, group) {
    const [length, dead, groups] = await Promise.all([
      redis.xLen(key),
      redis.xLen(deadLettersOf(key)),
      groupsOf(redis, key),
    ]);
    const ours = groups.find(({ name }) => name === group);
    return {
      // Redis has lost count where a group began in the middle, or entries were deleted, until the group has caught up.
      waiting: ours ? ((ours.lag as number | null | undefined) ?? null) : length,
      inFlight: Number(ours?.pending ?? 0),
      dead,
      listeners: null,
    };
  },
} as const satisfies Pattern;

function deliveriesOf(entries: readonly Entry[], attempts?: ReadonlyMap<string, number>): Delivery[] {
  const receivedAt = nowMicros();
  return entries.map((entry) => {
    const id = String(entry.id);
    // An entry of somebody else's may have another field: its first one, or nothing, which is then an invalid message.
    const payload = entry.message[FIELD] ?? Object.values(entry.message)[0] ?? Buffer.alloc(0);
    return { payload, receivedAt, id, attempt: attempts?.get(id) ?? 1 };
  });
}

/** How many messages a group has handled once, and the beginning of their marks' names. */
const handledOf = (key: string, group: string): string => `${key}:handled:${group}`;

const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map((delivery) => delivery.id as string);

async function ensureGroup(redis: Redis, key: string, group: string, start: '0' | '$'): Promise<void> {
  // Looked for first: when its memory is full, Redis refuses to make a group even if it is there.
  if ((await groupsOf(redis, key)).some(({ name }) => name === group)) return;
  try {
    await redis.xGroupCreate(key, group, start, { MKSTREAM: true });
  } catch (error) {
    if (!(error as Error).message.startsWith('BUSYGROUP')) throw error;
  }
}

async function groupsOf(redis: Redis, key: string) {
  try {
    return await redis.xInfoGroups(key);
  } catch (error) {
    if (outcomeOf(error) === 'refused' && /no such key/.test((error as Error).message)) return [];
    throw error;
  }
}

/** A consumer's name is kept only while something is pending under it. */
async function forgetIdleConsumer(redis: Redis, key: string, { group, consumer }: SubscribeOptions): Promise<void> {
  if (!redis.isReady) return;
  const pending = await redis.xPendingRange(key, group, '-', '+', 1, { consumer });
  if (pending.length === 0) await redis.xGroupDelConsumer(key, group, consumer);
}
