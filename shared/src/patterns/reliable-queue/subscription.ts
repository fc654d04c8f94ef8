import { createHash } from 'node:crypto';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { v4 as uuid } from 'uuid';
import { nowMicros } from '../../accounting/clock.ts';
import { acknowledge } from '../../delivery/acknowledge.ts';
import { BLOCKING_RIGHTS, type BlockingConnection, openBlocking } from '../../delivery/blocking-connection.ts';
import { deadLetter } from '../../delivery/dead-letters.ts';
import {
  type AckExtras,
  type AckFate,
  type Delivery,
  type SubscribeOptions,
  type Subscription,
  tooLarge,
} from '../../delivery/delivery.ts';
import { intoDeadLetters, rejectExhausted } from '../../delivery/giving-up.ts';
import { isMarked } from '../../delivery/idempotency.ts';
import { deadLettersOf } from '../../delivery/keys.ts';
import { LEASE_RIGHTS, NameInUseError, NameLease } from '../../delivery/name-lease.ts';
import { throttle } from '../../delivery/throttle.ts';
import { type BufferRedis, withBuffers } from '../../redis/client.ts';
import type { Connection } from '../../redis/connection.ts';
import { isOutOfMemory } from '../../redis/outcome.ts';
import { runKnownScript, runScript } from '../../redis/script.ts';
import { InFlight } from '../in-flight.ts';
import { headArgs, LIST_HEAD_RIGHTS, type TooLarge } from '../lists.ts';
import { Counts } from './counts.ts';
import { handledMark, keysOf } from './keys.ts';
import { ACK, ACK_OLDEST, ENTER, RECLAIM, REJECT, REQUEUE, REQUEUE_STRAYS, TAKE } from './scripts.ts';

/** The most seconds that one BLMOVE waits. */
const BLOCK_SECONDS = 1;
/** How long to wait before looking again whether a Redis whose memory is full has a message: ms. */
const FULL_PAUSE_MS = 100;
/** The most messages that one script reclaims. */
const RECLAIM_BATCH = 100;

/** As `Rights` of a pattern. */
export const SUBSCRIBE_RIGHTS = [
  ...[...LIST_HEAD_RIGHTS, ...BLOCKING_RIGHTS, ...LEASE_RIGHTS],
  ...['blmove', 'lmove', 'lpush', 'lpos', 'lrem', 'lindex', 'exists'],
  ...['sadd', 'srem', 'smembers', 'hincrby', 'hdel', 'hmget'],
] as const;

/** No list has this element: nobody knows it. */
const NO_ELEMENT = uuid();

/** Subscribes to a list: see `Subscription`. */
export async function subscribe(
  connection: Connection,
  list: string,
  options: SubscribeOptions,
): Promise<Subscription> {
  const redis = connection.client;
  const { consumers, alive } = keysOf(list, options.consumer);
  await redis.lLen(list); // what cannot be read is refused here, before anybody counts on the subscription
  const name = await NameLease.take(connection, alive, list, options);
  try {
    await enter(redis, consumers, options.consumer);
    const reader = await openBlocking(connection, 'reliable-queue', options.signal);
    await name.renew(); // opening may have taken its time
    return new ReliableQueueSubscription(connection, reader, list, options, name);
  } catch (error) {
    await name.release();
    throw error;
  }
}

/**
 * What is in flight lies in the processing list under the consumer's name. It is the consumer's as long as the name is, which is
 * renewed from this process: one that hangs loses all that it has in flight.
 */
class ReliableQueueSubscription implements Subscription {
  readonly mayTakeAhead = true;
  readonly #connection: Connection;
  readonly #reader: BlockingConnection;
  readonly #list: string;
  readonly #options: SubscribeOptions;
  readonly #keys: ReturnType<typeof keysOf>;
  readonly #heart: NodeJS.Timeout;
  readonly #name: NameLease;
  readonly #blockSeconds: number;
  readonly #isTimeToReclaim: () => boolean;
  readonly #inFlight = new InFlight();
  /** Whether something may lie in our list that we do not know of. */
  #isUnsure = true;
  #isTaking = false;
  /** The search for what lies in our list and is not in flight, which what is taken must wait for. */
  #tidying: Promise<unknown> | undefined;
  #failure: Error | undefined;
  #drains = false;
  /** Names each acknowledgement, together with its number: no other subscription has this. */
  readonly #id = uuid();
  #acknowledgements = 0;

  constructor(
    connection: Connection,
    reader: BlockingConnection,
    list: string,
    options: SubscribeOptions,
    name: NameLease,
  ) {
    this.#connection = connection;
    this.#reader = reader;
    this.#list = list;
    this.#options = options;
    this.#keys = keysOf(list, options.consumer);
    this.#name = name;
    this.#heart = setInterval(() => void this.#beat().catch((error) => this.#nameLost(error)), options.leaseMs / 3);
    // Ends before others can take us for dead, or Redis would hand us a message that nobody looks for.
    this.#blockSeconds = Math.min(BLOCK_SECONDS, options.leaseMs / 3000);
    this.#isTimeToReclaim = throttle(options.leaseMs / 2);
    reader.connection.client.on('ready', () => {
      this.#isUnsure = true;
    });
  }

  get answeredAt(): number {
    return this.#reader.answeredAt;
  }

  async take(limit: number): Promise<readonly Delivery[] | undefined> {
    const { signal } = this.#options;
    this.#isTaking = true;
    try {
      await this.#tidying;
      while (!signal.aborted) {
        if (this.#failure) throw this.#failure;
        const deliveries = await this.#reader.read(() => this.#orUnsure(this.#move(limit)));
        this.#drains = deliveries !== undefined && deliveries.length > 0;
        if (deliveries && this.#drains) return deliveries;
      }
      this.#reader.end();
      return undefined;
    } finally {
      this.#isTaking = false;
    }
  }

  async ack(done: readonly Delivery[], extras: AckExtras = {}): Promise<readonly AckFate[] | undefined> {
    if (done.length === 0) return [];
    const { processing, attempts, acknowledged } = this.#keys;
    const keys = [processing, attempts, acknowledged];
    const name = `${this.#id} ${++this.#acknowledgements}`;
    const ends = [done[0], done.at(-1)] as [Delivery, Delivery];
    const oldest = () => ({ ...ACK_OLDEST, keys, args: [name, ...ends.map(({ payload }) => payload)] });
    const each = () => {
      const payloads = done.map(({ payload }) => payload);
      return { ...ACK, keys, args: [name, ...payloads, ...payloads.map((payload) => this.#field(payload))] };
    };
    // What is in flight lies in the processing list in the same order, unless a step has failed.
    const areOldest = !this.#isUnsure && this.#inFlight.beginsWith(done);
    const ways = areOldest ? [oldest, each] : [each];
    const { signal } = this.#options;
    const markOf = (id: string) => handledMark(this.#list, id);
    const fates = await acknowledge(this.#connection, signal, done.length, ways, extras, markOf);
    this.#inFlight.remove(done);
    return fates;
  }

  async wasHandled(id: string): Promise<boolean> {
    return await isMarked(this.#connection.client, handledMark(this.#list, id));
  }

  readonly reject = async (delivery: Delivery, reason: string): Promise<'dead' | 'lost-lease'> => {
    const { processing, attempts } = this.#keys;
    const keys = [processing, deadLettersOf(this.#list), attempts];
    const { payload } = delivery;
    const args = [payload, deadLetter(payload, reason), this.#field(payload), NO_ELEMENT];
    const step = intoDeadLetters(this.#connection.client, REJECT, keys, args, payload, this.#options);
    return (await this.#settled([delivery], step)) ? 'dead' : 'lost-lease';
  };

  async fail(failed: Delivery, reason: string): Promise<'again' | 'dead' | 'lost-lease'> {
    if (failed.attempt >= this.#options.maxAttempts) return await this.reject(failed, reason);
    return (await this.#requeue([failed], 'tail', true)) === 1 ? 'again' : 'lost-lease';
  }

  async requeue(unhandled: readonly Delivery[]): Promise<boolean> {
    if (unhandled.length > 0) await this.#requeue([...unhandled].reverse(), 'head', false);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heart);
    await this.#reader.close();
    const redis = this.#connection.client;
    const { processing, consumers, acknowledged } = this.#keys;
    if (redis.isReady && !this.#failure) await redis.del(acknowledged).catch(() => {});
    await this.#name.release(); // what is still in flight may be taken over at once
    if (!redis.isReady || this.#failure) return;
    const left = await redis.lLen(processing).catch(() => 1);
    if (left === 0) await redis.sRem(consumers, this.#options.consumer).catch(() => {});
  }

  /**
   * Gives a sign of life. If there was none left, tells what others have taken meanwhile. While the handler is at work, and nothing
   * is taken, looks for strays.
   */
  async #beat(): Promise<void> {
    if (!this.#connection.isReady) return;
    const wasAlive = await this.#name.renew();
    await enter(this.#connection.client, this.#keys.consumers, this.#options.consumer); // somebody may have emptied Redis
    if (!wasAlive) await this.#tellLost();
    if (this.#isTaking || this.#tidying) return;
    this.#tidying = this.#requeueStrays(withBuffers(this.#connection.client)).catch(() => {});
    await this.#tidying;
    this.#tidying = undefined;
  }

  /** Others have our name now, and with it all that we had in flight. */
  #nameLost(error: Error): void {
    if (!(error instanceof NameInUseError) || this.#failure) return;
    this.#failure = error;
    const lost = [...this.#inFlight];
    this.#inFlight.remove(lost);
    if (lost.length > 0) this.#options.onLeaseLost?.(lost);
  }

  async #tellLost(): Promise<void> {
    const deliveries = [...this.#inFlight];
    if (deliveries.length === 0) return;
    const redis = withBuffers(this.#connection.client);
    const there = new Counts((await redis.lRange(this.#keys.processing, 0, -1)).map(sha1));
    await setImmediate(); // an acknowledgement that was answered before is known by then
    const lost = deliveries.filter((delivery) => !there.take(sha1(delivery.payload)) && this.#inFlight.has(delivery));
    this.#inFlight.remove(lost);
    if (lost.length > 0) this.#options.onLeaseLost?.(lost);
  }

  /**
   * BLMOVE waits for the first message; a script then drains as LMOVE would, many at a time. A Redis whose memory is full refuses
   * BLMOVE, but not the script: without it, the memory would stay full.
   */
  async #move(limit: number): Promise<Delivery[]> {
    const { client } = this.#reader;
    const { processing, attempts, consumers, alive } = this.#keys;
    const { consumer } = this.#options;
    await this.#reclaim();
    let moved = 0;
    if (!this.#drains) {
      const blocking = client.blMove(this.#list, processing, 'LEFT', 'RIGHT', this.#blockSeconds);
      const first = await blocking.catch(this.#unlessFull);
      if (first === null) return [];
      moved = first === undefined ? 0 : 1;
    }
    const { maxMessageBytes, onTooLarge } = this.#options;
    const args = [
      ...headArgs(this.#list, maxMessageBytes),
      ...[String(limit - moved), String(moved), consumer, this.#name.token, NO_ELEMENT],
    ];
    const reply = await runKnownScript(client, TAKE, [this.#list, processing, attempts, consumers, alive], args);
    const [payloads, others, areCounted] = this.#unlessTaken(reply) as [Buffer[], TooLarge[], number];
    for (const [bytes, beginning] of others) onTooLarge?.(bytes, beginning, tooLarge(bytes, maxMessageBytes));
    const receivedAt = nowMicros();
    const failed = areCounted && payloads.length > 0 ? await this.#failedAttempts(payloads) : undefined;
    const deliveries = payloads.map((payload, index) => ({
      payload,
      receivedAt,
      attempt: (Number(failed?.[index] ?? 0) || 0) + 1, // others may have written what is no number
    }));
    const taken = await rejectExhausted(deliveries, this.#options, this.reject);
    this.#inFlight.add(taken);
    return taken;
  }

  /** After a pause, because nothing waits then. Throws any other error. */
  readonly #unlessFull = async (error: unknown): Promise<undefined> => {
    if (!isOutOfMemory(error)) throw error;
    await sleep(FULL_PAUSE_MS);
  };

  /** What a script answered, unless it is who has our name. */
  #unlessTaken(reply: unknown): unknown {
    if (!(reply instanceof Buffer) && typeof reply !== 'string') return reply;
    const error = this.#name.inUse(String(reply));
    this.#nameLost(error);
    throw error;
  }

  /** How many attempts of each message have failed. */
  async #failedAttempts(payloads: readonly Buffer[]) {
    const fields = payloads.map((payload) => this.#field(payload));
    return await this.#reader.client.hmGet(this.#keys.attempts, fields);
  }

  /** Now and then, and when it is unsure what lies in our list, returns to the queue what nobody works on. */
  async #reclaim(): Promise<void> {
    if (!this.#isUnsure && !this.#isTimeToReclaim()) return;
    const { client } = this.#reader;
    const { consumer } = this.#options;
    const { consumers } = this.#keys;
    await enter(client, consumers, consumer); // others may have taken us for dead while this process stood still
    await this.#requeueStrays(client);
    this.#isUnsure = false;
    for (const name of await this.#connection.client.sMembers(consumers)) {
      if (name !== consumer) await this.#reclaimFrom(name);
    }
  }

  /** What lies in our list, and is not in flight here, was left behind by an earlier instance or a lost reply. */
  async #requeueStrays(client: BufferRedis): Promise<void> {
    const { processing, attempts, alive } = this.#keys;
    if (!this.#isUnsure && (await client.lLen(processing)) <= this.#inFlight.size) return;
    const ours = new Counts([...this.#inFlight].map(({ payload }) => sha1(payload)));
    const strays = (await client.lRange(processing, 0, -1)).filter((payload) => !ours.take(sha1(payload)));
    if (strays.length === 0) return;
    const pairs = strays.reverse().flatMap((payload) => [payload, this.#field(payload)]);
    const args = [this.#name.token, 'head', '1', NO_ELEMENT, ...pairs];
    this.#unlessTaken(await runScript(client, REQUEUE_STRAYS, [processing, this.#list, attempts, alive], args));
  }

  /** Returns to the queue what a consumer had in flight that gives no sign of life. */
  async #reclaimFrom(name: string): Promise<void> {
    const { client } = this.#reader;
    const { attempts, consumers } = this.#keys;
    const { processing, alive } = keysOf(this.#list, name);
    if ((await client.exists(alive)) === 1) return;
    while (true) {
      const newest = (await client.lRange(processing, -RECLAIM_BATCH, -1)).reverse();
      const pairs = newest.flatMap((payload) => [sha1(payload), this.#field(payload)]);
      const keys = [processing, this.#list, attempts, consumers, alive];
      const moved = (await runScript(client, RECLAIM, keys, [name, ...pairs])) as number;
      if (newest.length === 0 || moved < newest.length) return;
    }
  }

  async #requeue(deliveries: readonly Delivery[], side: 'head' | 'tail', countsAttempt: boolean): Promise<number> {
    const { processing, attempts } = this.#keys;
    const pairs = deliveries.flatMap(({ payload }) => [payload, this.#field(payload)]);
    const args = [side, countsAttempt ? '1' : '0', NO_ELEMENT, ...pairs];
    const step = runScript(this.#connection.client, REQUEUE, [processing, this.#list, attempts], args);
    return (await this.#settled(deliveries, step)) as number;
  }

  /** Whatever comes of a step that settles deliveries, they are no longer in flight here. */
  async #settled<Reply>(deliveries: readonly Delivery[], step: Promise<Reply>): Promise<Reply> {
    try {
      return await this.#orUnsure(step);
    } finally {
      this.#inFlight.remove(deliveries);
    }
  }

  /** After a failure nobody knows whether a message is still in our list. */
  async #orUnsure<Reply>(step: Promise<Reply>): Promise<Reply> {
    return await step.catch((error) => {
      this.#isUnsure = true;
      throw error;
    });
  }

  /** The field under which the attempts of a message are counted. */
  #field(payload: Buffer): string {
    return this.#options.identify?.(payload) ?? sha1(payload);
  }
}

const sha1 = (payload: Buffer): string => createHash('sha1').update(payload).digest('hex');

/** Enters a consumer among those of a list. */
const enter = async (redis: Parameters<typeof runScript>[0], consumers: string, name: string) =>
  await runScript(redis, ENTER, [consumers], [name]);
