import { EventEmitter, once, setMaxListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { BATCH_BYTES, MAX_MESSAGE_BYTES } from '../../delivery/batch-size.ts';
import type { Payload, Receipt } from '../../delivery/delivery.ts';
import type { Pattern } from '../../patterns/pattern.ts';
import type { Connection } from '../../redis/connection.ts';
import { outcomeOf } from '../../redis/outcome.ts';
import { formatNumber } from '../../text/table.ts';
import type { Codec } from '../codec.ts';
import type { ProducerObserver } from '../events.ts';
import { timeLimit } from '../time-limit.ts';
import { type Batch, NONE, Outgoing } from './outgoing.ts';
import { replicated, UnreplicatedError } from './replicas.ts';
import { SendBuffer } from './send-buffer.ts';
import type { SendFailure } from './send-error.ts';
import { Ticket } from './ticket.ts';

/** How a producer behaves. */
export interface ProducerOptions {
  /** The most messages that are kept here while Redis does not take them; more are refused as `full`. Default 100,000. */
  readonly bufferLimit?: number | undefined;
  /**
   * The most bytes of payloads that are kept here; messages beyond that are refused as `full`. One message is always kept when
   * there is no other, however large it is. Default 67,108,864 (64 MB).
   */
  readonly bufferBytes?: number | undefined;
  /** How long Redis remembers the ids of messages, so that each is added once, however often it is sent: ms; 0 = off (default). */
  readonly dedupeTtlMs?: number | undefined;
  /**
   * How many replicas must confirm each batch, in a pattern that keeps messages (WAIT); what fewer confirm within a second counts as
   * unconfirmed, and is not sent again. 0 = none (default).
   */
  readonly waitReplicas?: number | undefined;
  /** What becomes of a message that Redis refuses, in a pattern that keeps messages: it is rejected (default), or tried again. */
  readonly onRefusal?: 'reject' | 'retry' | undefined;
}

/** What became of a producer's messages: each is in one place. */
export interface ProducerStats {
  /** Redis has taken them. */
  readonly accepted: number;
  /** They are not in Redis, and not kept for another try. */
  readonly refused: number;
  /** The connection broke before Redis answered, or too few replicas confirmed them: they may be in Redis or not. */
  readonly unconfirmed: number;
  /** In this process, not answered yet. */
  readonly buffered: number;
  /** Sent again because their outcome was not known: they may be there twice, unless `dedupeTtlMs` is set. */
  readonly retried: number;
  /** Of the accepted: published with no subscribers. */
  readonly noSubscribers: number;
}

/** The most messages in one batch to Redis. Each answer wakes this process, which interrupts Redis where CPUs are few. */
export const BATCH = 1000;
/** The most in a batch, while it is not certain that Redis takes messages. */
const FIRST_BATCH = 32;
/** Batches under way at one time: enough to keep Redis busy, few enough to keep memory flat and `unconfirmed` small. */
const WINDOW = 2;
const RETRY_AFTER_MS = 500;
/** Messages that Redis has not answered for this long say that nothing can be sent: ms. */
const ANSWER_MS = 5000;
export const BUFFER_LIMIT = 100_000;
export const BUFFER_BYTES = 64 * 1024 * 1024;

const UNREACHABLE = 'Redis is unreachable';
const CLOSED = 'the producer is closed';

/** The most messages of this size (bytes) in one batch. @param bytes the most in all, if there are several */
export const batchOf = (size: number, bytes: number): number =>
  Math.max(1, Math.min(BATCH, Math.floor(Math.min(BATCH_BYTES, bytes) / Math.max(1, size))));

/**
 * Sends messages to one topic: in order, in batches, each message accounted for. While Redis is unreachable, messages wait in
 * its buffer if the pattern keeps messages, and are rejected at once if it does not.
 */
export class Producer<Value> implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #pattern: Pattern;
  readonly #topic: string;
  readonly #codec: Codec<Value, unknown>;
  readonly #buffer: SendBuffer<Value>;
  readonly #maxMessageBytes: number;
  readonly #dedupeTtlMs: number;
  readonly #waitReplicas: number;
  readonly #retriesRefused: boolean;
  readonly #observer: ProducerObserver<Value>;
  /** Else values need not be kept: their payloads are. */
  readonly #showsValues: boolean;
  readonly #counts = { accepted: 0, refused: 0, unconfirmed: 0, retried: 0, noSubscribers: 0 };
  readonly #events = new EventEmitter();
  readonly #endPumping: () => void;
  /** Aborts what the client has not written yet when the connection breaks: it would overtake what was under way. */
  #unwritten = newUnwritten();
  #place = 0;
  /** Whether Redis has answered a batch since the connection was made, and refused none since. */
  #isProven = false;
  #isHeldBack = false;
  /** Whether it is known that the topic is as it is expected to be. */
  #mayBegin: boolean;
  /** Since when (steady ms) Redis has accepted nothing of what it was given, or should have been; `undefined` if there is nothing. */
  #unansweredSince: number | undefined;
  /** Whether messages were refused as `full`, and the buffer has not been half empty since. */
  #isFull = false;
  #isClosed = false;
  #closedBecause: Error | undefined;
  #trouble: string | undefined;

  /** @param opening resolves when messages may be sent; if it rejects, they never will be */
  constructor(
    connection: Connection,
    pattern: Pattern,
    topic: string,
    codec: Codec<Value, unknown>,
    options: ProducerOptions = {},
    observer: ProducerObserver<Value> = {},
    maxMessageBytes: number = MAX_MESSAGE_BYTES,
    opening?: Promise<unknown>,
  ) {
    const {
      bufferLimit = BUFFER_LIMIT,
      bufferBytes = BUFFER_BYTES,
      dedupeTtlMs = 0,
      waitReplicas = 0,
      onRefusal = 'reject',
    } = options;
    checkNumber('bufferLimit', bufferLimit, 1);
    checkNumber('bufferBytes', bufferBytes, 1);
    checkNumber('dedupeTtlMs', dedupeTtlMs, 0);
    checkNumber('waitReplicas', waitReplicas, 0);
    if (!['reject', 'retry'].includes(onRefusal))
      throw new RangeError(`producer: onRefusal is ${onRefusal}; expected 'reject' or 'retry'`);
    this.#connection = connection;
    this.#pattern = pattern;
    this.#topic = topic;
    this.#codec = codec;
    this.#buffer = new SendBuffer(bufferLimit, bufferBytes);
    this.#maxMessageBytes = maxMessageBytes;
    this.#dedupeTtlMs = pattern.guarantees.keepsUnread ? dedupeTtlMs : 0;
    this.#waitReplicas = pattern.guarantees.keepsUnread ? waitReplicas : 0;
    this.#retriesRefused = onRefusal === 'retry' && pattern.guarantees.keepsUnread;
    this.#observer = observer;
    this.#showsValues = [observer.accepted, observer.refused, observer.unconfirmed, observer.retried].some(Boolean);
    this.#endPumping = connection.onReady(() => this.#onReady());
    this.#mayBegin = opening === undefined;
    opening?.then(
      () => this.#begin(),
      (error) => this.giveUp(error),
    );
  }

  /** Whether messages can be sent: the connection stands, and Redis has accepted some within 5 s, if there were any. */
  get isReady(): boolean {
    if (!this.#connection.isReady || !this.#mayBegin || this.#isClosed) return false;
    return this.#unansweredSince === undefined || performance.now() - this.#unansweredSince < ANSWER_MS;
  }

  get stats(): ProducerStats {
    return { ...this.#counts, buffered: this.#buffer.messages };
  }

  /**
   * Sends one message.
   * @param id instead of the one that the codec knows
   * @returns what Redis answered: subscribers reached, or the length of the queue
   * @throws SendError that says why; TypeError if `dedupeTtlMs` is set and the message has no id
   */
  send(value: Value, { id }: { readonly id?: string | undefined } = {}): Promise<number> {
    return rejecting(() => this.#offer([value], [id ?? this.#codec.idOf?.(value)])).then(firstOf);
  }

  /**
   * Sends messages, in order. Costs one promise, however many there are.
   * @returns what Redis answered to each, once all are accepted
   * @throws SendError that says which are not accepted, and why, once all are settled
   */
  sendBatch(values: readonly Value[]): Promise<Receipt> {
    const { idOf } = this.#codec;
    const needsIds = this.#dedupeTtlMs > 0 && idOf !== undefined;
    return rejecting(() => this.#offer(values, needsIds ? values.map((value) => idOf(value)) : []));
  }

  /**
   * Resolves when a batch of this size is welcome, or the signal aborts: Redis is there, and not much waits.
   * @param bytes of its payloads
   */
  async ready(messages: number, bytes: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#hasRoomFor(messages, bytes)) await this.#change(signal);
  }

  /** Resolves when every message is settled, or the signal aborts. */
  async drained(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#buffer.messages > 0) await this.#change(signal);
  }

  /**
   * Sends as much as Redis takes, until it takes nothing for `patienceMs` or the signal aborts; gives up on the rest, whose
   * promises reject as `closed` or `unconfirmed`. The connection stays open.
   */
  async close({ patienceMs = 1000, signal }: { patienceMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    this.#isClosed = true;
    let left = Number.POSITIVE_INFINITY;
    while (!signal?.aborted && this.#buffer.messages > 0 && this.#buffer.messages < left) {
      left = this.#buffer.messages;
      const limit = timeLimit(patienceMs, ...(signal ? [signal] : []));
      while (!limit.aborted && this.#buffer.messages === left) await this.#change(limit);
      await turn(); // when this process itself stood still, answers may lie unread
    }
    this.#endPumping();
    this.#refuse(this.#buffer.removeWaiting(), 'closed', CLOSED);
    for (const batch of [...this.#buffer.inFlight]) {
      this.#buffer.landed(batch);
      this.#unconfirmed(batch, new Error('closed before Redis answered'));
    }
  }

  /** Redis refuses the connection for good, or nobody waits for it any more: so does nobody for these messages. */
  giveUp(error: Error): void {
    this.#isClosed = true;
    this.#closedBecause = error;
    this.#refuseClosed(this.#buffer.removeWaiting());
    this.#events.emit('change');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Takes messages in. Those that Redis cannot be given now wait, if the pattern keeps what nobody has read yet. */
  #offer(values: readonly Value[], ids: readonly (string | undefined)[]): Promise<Receipt> {
    if (this.#dedupeTtlMs > 0 && (ids.length < values.length || ids.includes(undefined))) {
      return Promise.reject(
        new TypeError('dedupeTtlMs needs an id for each message: expected a codec with idOf, or { id }'),
      );
    }
    const ticket = new Ticket(values.length);
    if (values.length === 0) return ticket.promise;
    const payloads = values.map((value) => this.#encode(value));
    const used = this.#dedupeTtlMs > 0 ? (ids as readonly string[]) : undefined;
    const sizes = payloads.map(byteLengthOf);
    const outgoing = new Outgoing(this.#showsValues ? values : NONE, payloads, sizes, used, ticket, 0, this.#place);
    this.#place += values.length;
    this.#takeInSound(outgoing);
    this.#pump();
    return ticket.promise;
  }

  /** Refuses the messages that are too large, and takes in those between. */
  #takeInSound(outgoing: Outgoing<Value>): void {
    const { sizes, length } = outgoing;
    let from = 0;
    for (let place = 0; place < length; place++) {
      const size = sizes[place] as number;
      if (size <= this.#maxMessageBytes) continue;
      if (place > from) this.#takeIn(outgoing.slice(from, place));
      const [bytes, most] = [size, this.#maxMessageBytes].map(formatNumber);
      const reason = `it has ${bytes} bytes, and the topic takes ${most}; send less, or raise the topic's maxMessageBytes`;
      this.#refuse([outgoing.slice(place, place + 1)], 'too-large', reason);
      from = place + 1;
    }
    if (from < length) this.#takeIn(from === 0 ? outgoing : outgoing.slice(from));
  }

  #takeIn(outgoing: Outgoing<Value>): void {
    if (this.#isClosed) this.#refuseClosed([outgoing]);
    else if (!this.#pattern.guarantees.keepsUnread && !this.#connection.isReady)
      this.#refuse([outgoing], 'unreachable', UNREACHABLE);
    else {
      const fitting = this.#buffer.fitting(outgoing);
      if (fitting > 0) this.#unansweredSince ??= performance.now();
      if (fitting === outgoing.length) this.#buffer.add(outgoing);
      else {
        if (fitting > 0) this.#buffer.add(outgoing.slice(0, fitting));
        this.#isFull = true;
        this.#refuse([outgoing.slice(fitting)], 'full', this.#buffer.fullness);
      }
    }
  }

  #encode(value: Value): Payload {
    const payload: unknown = this.#codec.encode(value);
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) return payload;
    throw new TypeError(`the codec made ${typeof payload} of a message; expected a string or a Buffer`);
  }

  #hasRoomFor(messages: number, bytes: number): boolean {
    if (!this.#connection.isReady || !this.#mayBegin || this.#isHeldBack) return false;
    return this.#buffer.waitingMessages < messages && this.#buffer.hasRoomFor(messages, bytes);
  }

  #begin(): void {
    this.#mayBegin = true;
    this.#pump();
  }

  #onReady(): void {
    this.#isProven = false; // it may still load its data, and refuse a batch while it takes the next one
    this.#pump();
  }

  #pump(): void {
    const { isReady } = this.#connection;
    if (!isReady && !this.#pattern.guarantees.keepsUnread)
      this.#refuse(this.#buffer.removeWaiting(), 'unreachable', UNREACHABLE);
    if (!this.#mayBegin) return;
    // While it is not certain that Redis takes messages, one batch at a time, so that none overtakes another.
    const window = this.#isProven ? WINDOW : 1;
    while (isReady && !this.#isHeldBack && this.#buffer.inFlight.size < window && this.#buffer.waitingMessages > 0) {
      void this.#send(this.#buffer.takeOff(this.#isProven ? BATCH : FIRST_BATCH, BATCH_BYTES));
    }
    this.#events.emit('change');
  }

  async #send(batch: Batch<Value>): Promise<void> {
    let receipt: Receipt | undefined;
    let failure: Error | undefined;
    try {
      receipt = await this.#publish(batch);
    } catch (error) {
      failure = error as Error;
    }
    if (!this.#buffer.inFlight.has(batch)) return; // closed meanwhile, and given up
    this.#buffer.landed(batch);
    if (receipt) this.#accepted(batch, receipt);
    else this.#failed(batch, failure as Error);
    this.#pump();
  }

  async #publish(batch: Batch<Value>): Promise<Receipt> {
    const { client, slowSubscribers } = this.#connection;
    const { payloads, ids } = batch;
    const unqueued = client.withAbortSignal(this.#unwritten.signal);
    const publishing = this.#pattern.publish(unqueued, this.#topic, payloads, ids && { ids, ttlMs: this.#dedupeTtlMs });
    if (this.#waitReplicas > 0) return await replicated(client, this.#waitReplicas, publishing);
    if (this.#pattern.guarantees.keepsUnread || batch.length === 1) return await publishing;
    return await slowSubscribers.waitAfter(publishing);
  }

  #accepted(batch: Batch<Value>, receipt: Receipt): void {
    this.#isProven = true;
    this.#unansweredSince = this.#buffer.messages > 0 ? performance.now() : undefined;
    this.#counts.accepted += batch.length;
    if (!this.#pattern.guarantees.keepsUnread)
      for (const reached of receipt) if (reached === 0) this.#counts.noSubscribers++;
    this.#isFull &&= this.#buffer.isHalfFull; // or each batch would make room, and say so
    if (!this.#isFull) this.#setTrouble(undefined);
    this.#observer.accepted?.(batch.values, receipt);
    let from = 0;
    for (const { ticket, first, length } of batch.parts) {
      ticket.accepted(first, batch.parts.length === 1 ? receipt : receipt.slice(from, from + length));
      from += length;
    }
    batch.release();
  }

  #failed(batch: Batch<Value>, error: Error): void {
    const outcome = outcomeOf(error);
    const { keepsUnread, delivery } = this.#pattern.guarantees;
    this.#isProven = false;
    if (error instanceof UnreplicatedError) {
      this.#unconfirmed(batch, error); // it is there, so that another try would double it
      this.#setTrouble(error.message);
      return;
    }
    if (outcome === 'unknown') this.#abortUnwritten();
    // What may have arrived is sent again only where it may come twice, or will not.
    if (outcome === 'unknown' && delivery === 'at-most-once' && this.#dedupeTtlMs === 0) {
      this.#unconfirmed(batch, error);
      return;
    }
    if (outcome === 'unknown') {
      this.#counts.retried += batch.length;
      this.#observer.retried?.(batch.values);
    }
    // Not sent although the connection stands: Redis still loads its data.
    const isAnswered = outcome === 'refused' || (outcome === 'not-sent' && this.#connection.isReady);
    const reason = isAnswered ? `Redis refuses it (${error.message})` : UNREACHABLE;
    if (isAnswered) this.#holdBack();
    const mayTryAgain = outcome === 'refused' ? this.#retriesRefused : keepsUnread;
    if (mayTryAgain) {
      this.#buffer.addAgain(batch);
      if (isAnswered) this.#setTrouble(reason);
    } else this.#refuse(batch.parts, outcome === 'refused' ? 'refused' : 'unreachable', reason, error);
  }

  #abortUnwritten(): void {
    this.#unwritten.abort();
    this.#unwritten = newUnwritten();
  }

  #unconfirmed(batch: Batch<Value>, error: Error): void {
    this.#counts.unconfirmed += batch.length;
    this.#observer.unconfirmed?.(batch.values);
    for (const { ticket, first, length } of batch.parts)
      ticket.failed(first, length, 'unconfirmed', error.message, error);
  }

  #refuse(parts: readonly Outgoing<Value>[], failure: SendFailure, reason: string, cause?: Error): void {
    if (parts.length === 0) return;
    for (const { length } of parts) this.#counts.refused += length;
    if (failure !== 'closed' && failure !== 'too-large') this.#setTrouble(reason); // others can be sent
    this.#observer.refused?.(
      parts.flatMap(({ values }) => values),
      failure,
      reason,
    );
    for (const { ticket, first, length } of parts) ticket.failed(first, length, failure, reason, cause);
  }

  #refuseClosed(parts: readonly Outgoing<Value>[]): void {
    const error = this.#closedBecause;
    if (error) this.#refuse(parts, outcomeOf(error) === 'refused' ? 'refused' : 'closed', error.message, error);
    else this.#refuse(parts, 'closed', CLOSED);
  }

  #holdBack(): void {
    if (this.#isHeldBack) return;
    this.#isHeldBack = true;
    setTimeout(() => {
      this.#isHeldBack = false;
      this.#pump();
    }, RETRY_AFTER_MS);
  }

  /** The first trouble is told, and then its end; not each of the forms that it takes in between. */
  #setTrouble(trouble: string | undefined): void {
    if ((trouble === undefined) === (this.#trouble === undefined)) return;
    this.#trouble = trouble;
    this.#observer.trouble?.(trouble);
  }

  async #change(signal: AbortSignal): Promise<void> {
    await once(this.#events, 'change', { signal }).catch(() => {});
  }
}

const firstOf = ([reply]: Receipt): number => reply as number;

/** What is thrown becomes a rejection. (An async function would do that, too, but hold its arguments until it is settled.) */
function rejecting<Result>(begin: () => Promise<Result>): Promise<Result> {
  try {
    return begin();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Each batch listens to it, as long as it is not written. */
function newUnwritten(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

const byteLengthOf = (payload: Payload): number =>
  typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;

function checkNumber(option: string, value: unknown, least: number): void {
  if (!Number.isInteger(value) || (value as number) < least)
    throw new RangeError(`producer: ${option} is ${value}; expected a whole number, ${least} or more`);
}
