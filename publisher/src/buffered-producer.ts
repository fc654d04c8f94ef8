import { EventEmitter, once } from 'node:events';
import { BATCH_BYTES } from '@redis-messaging/shared/delivery/batch-size';
import type { Pattern, Receipt } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { outcomeOf } from '@redis-messaging/shared/redis/outcome';
import type { Outgoing } from './outgoing.ts';

interface LaneOptions {
  /** The most messages that wait here while Redis does not take them. */
  readonly limit: number;
  /** How long Redis remembers what was published, so that it may be sent again: ms; 0 = it does not. */
  readonly dedupeMs: number;
  /** Redis took a batch. */
  readonly onSent: (batch: readonly Outgoing[], receipt: Receipt) => void;
  /** Messages are refused, or held back, or it is over (`undefined`). Called once for each change. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** The most messages in one batch to Redis. */
export const BATCH = 500;
/** Batches under way at one time: enough to keep Redis busy, few enough to keep memory flat and `unconfirmed` small. */
const WINDOW = 4;
const RETRY_AFTER_MS = 500;

const TOO_MANY = 'too many messages wait';
const AWAY = 'Redis is away, and this pattern keeps nothing';

/** The most messages of this size (bytes) in one batch. */
export const batchOf = (size: number): number =>
  Math.max(1, Math.min(BATCH, Math.floor(BATCH_BYTES / Math.max(1, size))));

/** The way of one pattern's messages to Redis: in order, in batches, each message accounted for. */
export class Lane {
  readonly pattern: Pattern;
  readonly topic: string;
  published = 0;
  refused = 0;
  unconfirmed = 0;
  noSubscribers = 0;
  /** Sent again because nobody can say whether they arrived: each may arrive twice, unless publishing is idempotent. */
  retried = 0;
  readonly #redis: Redis;
  readonly #options: LaneOptions;
  #waiting: Outgoing[] = [];
  #inFlight = 0;
  #batchesInFlight = 0;
  #heldBack = false;
  #trouble: string | undefined;
  readonly #events = new EventEmitter();

  constructor(pattern: Pattern, redis: Redis, topic: string, options: LaneOptions) {
    this.pattern = pattern;
    this.topic = topic;
    this.#redis = redis;
    this.#options = options;
    redis.on('ready', () => this.#pump());
  }

  /** Messages offered and not settled yet. */
  get waiting(): number {
    return this.#waiting.length + this.#inFlight;
  }

  /** Takes messages in. Those that Redis cannot be given now wait, if the pattern keeps what nobody has read yet. */
  offer(batch: readonly Outgoing[]): void {
    const away = !this.pattern.guarantees.keepsUnread && !this.#redis.isReady;
    const room = away ? 0 : Math.max(0, this.#options.limit - this.waiting);
    this.#waiting.push(...batch.slice(0, room));
    this.#refuse(Math.max(0, batch.length - room), away ? AWAY : TOO_MANY);
    this.#pump();
  }

  /** Resolves when a batch of this size would be welcome: Redis is there, and not much waits. */
  async room(batch: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#hasRoomFor(batch)) await this.#change(signal);
  }

  /** Resolves when every message is settled, or the signal aborts. */
  async drained(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.waiting > 0) await this.#change(signal);
  }

  /** Settles as much as Redis takes, until it takes nothing for `patience` ms or the signal aborts; gives up on the rest. */
  async finish(patience: number, signal: AbortSignal): Promise<void> {
    let left = Number.POSITIVE_INFINITY;
    while (!signal.aborted && this.waiting > 0 && this.waiting < left) {
      left = this.waiting;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
      while (!limit.aborted && this.waiting === left) await this.#change(limit);
    }
    this.refused += this.#waiting.length;
    this.#waiting = [];
    this.unconfirmed += this.#inFlight;
    this.#inFlight = 0;
  }

  #hasRoomFor(batch: number): boolean {
    if (!this.#redis.isReady || this.#heldBack) return false;
    return this.#waiting.length < batch && this.waiting + batch <= this.#options.limit;
  }

  #pump(): void {
    if (!this.#redis.isReady && !this.pattern.guarantees.keepsUnread)
      this.#refuse(this.#waiting.splice(0).length, AWAY);
    while (this.#redis.isReady && !this.#heldBack && this.#batchesInFlight < this.#window && this.#waiting.length > 0) {
      void this.#send(this.#nextBatch());
    }
    this.#events.emit('change');
  }

  #nextBatch(): Outgoing[] {
    let messages = 0;
    let bytes = 0;
    for (const { payload } of this.#waiting) {
      bytes += payload.length;
      if (messages === BATCH || (messages > 0 && bytes > BATCH_BYTES)) break;
      messages++;
    }
    return this.#waiting.splice(0, messages);
  }

  /** Whether what is sent again arrives once. */
  get #isIdempotent(): boolean {
    return this.#options.dedupeMs > 0 && this.pattern.guarantees.keepsUnread;
  }

  /** While Redis refuses, one batch at a time, so that none overtakes another. */
  get #window(): number {
    return this.#trouble ? 1 : WINDOW;
  }

  async #send(batch: readonly Outgoing[]): Promise<void> {
    this.#batchesInFlight++;
    this.#inFlight += batch.length;
    const settle = await this.#publish(batch);
    this.#batchesInFlight--;
    if (this.#inFlight > 0) {
      this.#inFlight -= batch.length;
      settle();
    }
    this.#pump();
  }

  /** @returns what to book, once the batch is no longer in flight */
  async #publish(batch: readonly Outgoing[]): Promise<() => void> {
    const payloads = batch.map((outgoing) => outgoing.payload);
    const once = this.#isIdempotent
      ? { ids: batch.map(({ message }) => message.id), ttlMs: this.#options.dedupeMs }
      : undefined;
    try {
      const receipt = await this.pattern.publish(this.#redis, this.topic, payloads, once);
      return () => this.#taken(batch, receipt);
    } catch (error) {
      return () => this.#failed(batch, error as Error);
    }
  }

  #taken(batch: readonly Outgoing[], receipt: Receipt): void {
    this.published += batch.length;
    if (!this.pattern.guarantees.keepsUnread) this.noSubscribers += receipt.filter((reached) => reached === 0).length;
    this.#say(undefined);
    this.#options.onSent(batch, receipt);
  }

  #failed(batch: readonly Outgoing[], error: Error): void {
    const outcome = outcomeOf(error);
    const { keepsUnread, delivery } = this.pattern.guarantees;
    // What may have arrived is sent again only where it may come twice, or will not.
    if (outcome === 'unknown' && delivery === 'at-most-once' && !this.#isIdempotent) {
      this.unconfirmed += batch.length;
      return;
    }
    if (outcome === 'unknown') this.retried += batch.length;
    // Not sent although the connection stands: Redis still loads its data.
    const isAnswered = outcome === 'refused' || (outcome === 'not-sent' && this.#redis.isReady);
    const reason = isAnswered ? `Redis refuses it (${error.message})` : AWAY;
    if (isAnswered) this.#holdBack();
    if (keepsUnread) {
      this.#waiting = [...batch, ...this.#waiting].sort((a, b) => a.message.count - b.message.count);
      if (isAnswered) this.#say(reason);
    } else this.#refuse(batch.length, reason);
  }

  #refuse(messages: number, reason: string): void {
    if (messages === 0) return;
    this.refused += messages;
    this.#say(reason);
  }

  #holdBack(): void {
    if (this.#heldBack) return;
    this.#heldBack = true;
    setTimeout(() => {
      this.#heldBack = false;
      this.#pump();
    }, RETRY_AFTER_MS);
  }

  /** The first trouble is said, and then its end; not each of the forms that it takes in between. */
  #say(trouble: string | undefined): void {
    if ((trouble === undefined) === (this.#trouble === undefined)) return;
    this.#trouble = trouble;
    this.#options.onTrouble(trouble);
  }

  async #change(signal: AbortSignal): Promise<void> {
    await once(this.#events, 'change', { signal }).catch(() => {});
  }
}
