import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { type Delivery, type Subscription, tooLarge } from '../../delivery/delivery.ts';
import type { Pattern } from '../../patterns/pattern.ts';
import type { Connection } from '../../redis/connection.ts';
import type { Codec } from '../codec.ts';
import type { ConsumerObserver, Incoming } from '../events.ts';
import { FlightLimit } from './flight-limit.ts';
import { type Handler, Handling } from './handler.ts';
import { Settlement } from './settlement.ts';
import { Turns } from './turns.ts';

/** After a stop (ms): what is not begun by then is requeued. */
const FINISH_MS = 500;
/** What a handler gets to end after it was told to give up: ms. */
const GIVE_UP_MS = 250;
/** A read that has not been answered for this long says that nothing can be consumed: ms. */
const ANSWER_MS = 5000;
/** While these many dead letters cannot be stored, nothing more is taken. */
const MOST_REJECTED = 500;
/** So many are worth it that the next ones are asked for before these are handled. */
const MANY = 64;

/** What a dispatcher works with. */
export interface DispatcherOptions<Value> {
  readonly pattern: Pattern;
  readonly connection: Connection;
  readonly codec: Codec<never, Value>;
  /** Not there: a message is handled as soon as it is received. */
  readonly handler: Handler<Value> | undefined;
  /** This and the handler may change while it runs: see `changed`. */
  readonly concurrency: number;
  /** 0 = never. */
  readonly handlerTimeoutMs: number;
  readonly maxMessageBytes: number;
  /** 0 = off. */
  readonly dedupeTtlMs: number;
  /** Aborts when nothing more may be begun. */
  readonly signal: AbortSignal;
  /** Aborts when handlers must give up. */
  readonly abandon: AbortSignal;
  readonly observer: ConsumerObserver<Value>;
  /** Called when it cannot go on: what waits for deliveries is to end. */
  readonly onFailure: () => void;
}

/** Takes deliveries from a subscription, has as many handled at a time as its concurrency says, and has each of them settled. */
export class Dispatcher<Value> {
  readonly #subscription: Subscription;
  readonly #options: DispatcherOptions<Value>;
  readonly #limit = new FlightLimit();
  readonly #settlement: Settlement<Value>;
  readonly #turns = new Turns();
  readonly #handlings = new Set<Handling<Value>>();
  /** Received, and not begun. */
  #waiting: Incoming<Value>[] = [];
  #begun = 0;
  /** Taken, and not settled. */
  #inFlight = 0;
  /** Handlers that run although their message is settled. */
  #overdue = 0;
  #failure: Error | undefined;
  #stoppedAt: number | undefined;
  #wake: () => void = () => {};

  constructor(subscription: Subscription, options: DispatcherOptions<Value>) {
    this.#subscription = subscription;
    this.#options = options;
    this.#settlement = new Settlement(subscription, {
      ...options,
      onHandled: (messages) => this.#turns.leave(messages),
      onSettled: (deliveries) => this.#settled(deliveries),
      onFailure: (error) => this.fail(error),
    });
  }

  /** Whether Redis answers its reads, or a handler works within its time. */
  get isConsuming(): boolean {
    if (performance.now() - this.#subscription.answeredAt < ANSWER_MS) return true;
    return [...this.#handlings].some(({ isAtWork, isSettled }) => isAtWork && !isSettled);
  }

  /** Runs until the signal aborts and everything is settled. Throws what Redis refuses. */
  async run(): Promise<void> {
    const { signal, abandon } = this.#options;
    const stop = () => {
      this.#stoppedAt = performance.now();
      this.#wake();
    };
    const giveUp = () => this.#giveUp();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    abandon.addEventListener('abort', giveUp, { once: true });
    try {
      await this.#takeAll().catch((error) => this.fail(error));
      await this.#finish();
    } catch (error) {
      this.fail(error as Error);
    } finally {
      signal.removeEventListener('abort', stop);
      abandon.removeEventListener('abort', giveUp);
      for (const handling of this.#handlings) clearTimeout(handling.timer);
      this.#settlement.end();
    }
    if (this.#failure) throw this.#failure;
  }

  /** These are somebody else's now: their handlers need not go on, nor begin. */
  leaseLost(deliveries: readonly Delivery[]): void {
    const lost = new Set(deliveries);
    for (const handling of this.#handlings) {
      if (lost.has(handling.message.delivery)) handling.abort(new Error('the message is no longer this consumer’s'));
    }
    const waiting = this.#waiting.splice(this.#begun);
    this.#waiting.push(...waiting.filter(({ delivery }) => !lost.has(delivery)));
    this.#options.observer.leaseLost?.(deliveries);
    this.#settled(waiting.length - (this.#waiting.length - this.#begun));
  }

  /** Its concurrency or its handler is another from now on. */
  changed(): void {
    this.#pump();
    this.#wake();
  }

  /** Ends it with an error, once what is in flight is settled or given up. */
  fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#wake();
    this.#options.onFailure();
  }

  async #takeAll(): Promise<void> {
    let taking: ReturnType<Subscription['take']> | undefined;
    while (taking || !this.#failure) {
      const deliveries = await (taking ?? this.#takeWhenWelcome());
      if (!deliveries) return;
      this.#limit.arrived(deliveries);
      this.#inFlight += deliveries.length;
      taking = this.#takeAhead(deliveries.length);
      if (taking) await written();
      try {
        this.#receive(deliveries);
        this.#pump();
        if (this.#isForOthers) await this.#requeueWaiting();
      } catch (error) {
        this.fail(error as Error); // what is being taken is waited for all the same, and requeued
      }
    }
  }

  /** Lets Redis read while many messages are handled here. */
  #takeAhead(arrived: number): ReturnType<Subscription['take']> | undefined {
    if (!this.#subscription.mayTakeAhead || arrived < MANY || this.#failure) return undefined;
    const room = this.#room;
    if (room === 0) return undefined;
    const taking = this.#subscription.take(room);
    taking.catch(() => {}); // is heard of when it is waited for
    return taking;
  }

  async #takeWhenWelcome(): ReturnType<Subscription['take']> {
    while (!this.#failure) {
      const room = this.#options.signal.aborted ? 1 : this.#room;
      if (room > 0) return await this.#subscription.take(room);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return undefined;
  }

  /** How many more may be taken: some, if at most half of what may be in flight is, or a handler has nothing to do. */
  get #room(): number {
    const free = this.#options.concurrency - this.#overdue;
    const { mayTakeAhead = false } = this.#subscription;
    const limit = this.#limit.current(free, mayTakeAhead);
    const { rejecting, waiting, acknowledging } = this.#settlement;
    // What need not be handled must not hold up what must.
    const toHandle = this.#inFlight - rejecting - waiting - (mayTakeAhead ? acknowledging : 0);
    const isWelcome = limit > 0 && toHandle <= Math.max(limit / 2, free - 1);
    const isBehind = rejecting >= MOST_REJECTED || waiting + acknowledging > 2 * limit; // else they would fill the memory
    if (!isWelcome || isBehind) return 0;
    return Math.min(limit - toHandle, mayTakeAhead ? Math.max(free, Math.floor(limit / 2)) : limit);
  }

  #receive(deliveries: readonly Delivery[]): void {
    const { observer } = this.#options;
    const received: Incoming<Value>[] = [];
    for (const delivery of deliveries) {
      try {
        received.push(this.#decode(delivery));
      } catch (error) {
        const reason = (error as Error).message;
        observer.invalid?.(delivery, reason);
        this.#settlement.rejected(delivery, reason);
      }
    }
    if (received.length === 0) return;
    for (const message of received) this.#waiting.push(message);
    observer.received?.(received);
    if (observer.redelivered) {
      const again = received.filter(({ delivery }) => delivery.attempt > 1);
      if (again.length > 0) observer.redelivered(again);
    }
  }

  #decode(delivery: Delivery): Incoming<Value> {
    const { codec, dedupeTtlMs, maxMessageBytes } = this.#options;
    const { length } = delivery.payload;
    if (length > maxMessageBytes) throw new Error(tooLarge(length, maxMessageBytes));
    const value = codec.decode(delivery.payload);
    const id = codec.idIn?.(value);
    if (dedupeTtlMs > 0 && id === undefined) throw new Error('it has no id, and dedupeTtlMs needs one');
    return { value, id: id ?? delivery.id, delivery };
  }

  /** Begins what may be begun, and settles what is done. */
  #pump(): void {
    const startedAt = performance.now();
    let synchronous = 0;
    while (
      this.#begun < this.#waiting.length &&
      this.#handlings.size < this.#options.concurrency &&
      !this.#isOutOfTime
    ) {
      const message = this.#waiting[this.#begun++] as Incoming<Value>;
      if (this.#begin(message)) synchronous++;
    }
    if (this.#begun === this.#waiting.length) {
      this.#waiting = [];
      this.#begun = 0;
    } else if (this.#begun > 1000) {
      this.#waiting = this.#waiting.slice(this.#begun);
      this.#begun = 0;
    }
    if (synchronous > 0) this.#limit.handled((performance.now() - startedAt) / synchronous);
    this.#settlement.acknowledge();
  }

  /** @returns whether it is handled already */
  #begin(message: Incoming<Value>): boolean {
    const { handler, dedupeTtlMs } = this.#options;
    if (!handler) {
      this.#settlement.done(message);
      return true;
    }
    const handling = new Handling(message);
    if (dedupeTtlMs > 0) {
      this.#handle(handling, this.#handleOnce(handling, handler));
      return false;
    }
    handling.isAtWork = true;
    try {
      const result = handler(message.value, handling);
      if (isPromise(result)) {
        this.#handle(handling, result);
        return false;
      }
      this.#settlement.done(message);
    } catch (error) {
      this.#settlement.failed(message, error);
    }
    return true;
  }

  async #handleOnce(handling: Handling<Value>, handler: Handler<Value>): Promise<void> {
    const { connection, abandon } = this.#options;
    const { value, id } = handling.message;
    await this.#turns.enter(handling.message);
    const wasHandled = await connection.survive(abandon, () => this.#subscription.wasHandled(id as string));
    if (wasHandled === undefined) throw new Error('Redis did not say before the end whether it had been handled');
    handling.throwIfAborted(); // it may have taken longer than the message had
    if (wasHandled) return;
    handling.isAtWork = true;
    await handler(value, handling);
  }

  /** Waits for a handler, and settles its message when it ends, or when its time is over. */
  #handle(handling: Handling<Value>, result: PromiseLike<unknown>): void {
    const { handlerTimeoutMs } = this.#options;
    const { message } = handling;
    const startedAt = performance.now();
    this.#handlings.add(handling);
    if (this.#options.abandon.aborted) handling.abort(new Error('the consumer ends'));
    if (handlerTimeoutMs > 0) handling.timer = setTimeout(() => this.#timedOut(handling), handlerTimeoutMs);
    const ended = () => {
      clearTimeout(handling.timer);
      this.#handlings.delete(handling);
      this.#limit.handled(performance.now() - startedAt);
      if (handling.isSettled) this.#overdue--;
      return !handling.isSettled;
    };
    result.then(
      () => {
        if (ended()) this.#settlement.done(message);
        this.#pump();
        this.#wake();
      },
      (error) => {
        if (ended()) {
          if (this.#options.abandon.aborted) this.#unbegin(message);
          else this.#settlement.failed(message, error);
        }
        this.#pump();
        this.#wake();
      },
    );
  }

  /** Its message has failed; its place stays taken until it really ends. */
  #timedOut(handling: Handling<Value>): void {
    const reason = new Error(`took longer than ${this.#options.handlerTimeoutMs / 1000} s`);
    handling.isSettled = true;
    this.#overdue++;
    handling.abort(reason);
    this.#settlement.failed(handling.message, reason);
    // Most handlers end when they are told to. If none of these does, nobody is left to handle what waits here: others may.
    if (this.#isForOthers)
      setTimeout(() => this.#isForOthers && this.#requeueWaiting().catch((error) => this.fail(error)), GIVE_UP_MS);
    this.#wake();
  }

  /** Puts a message back to those that wait: its handler gave up because time is over. */
  #unbegin(message: Incoming<Value>): void {
    this.#waiting.splice(this.#begun, 0, message);
  }

  async #requeueWaiting(): Promise<void> {
    const deliveries = this.#waiting.splice(this.#begun).map(({ delivery }) => delivery);
    await this.#settlement.requeue(deliveries);
  }

  #settled(messages: number): void {
    this.#inFlight -= messages;
    this.#wake();
  }

  /** Whether what waits here had better go back to Redis, where it can: no handler is free, and none will be soon. */
  get #isForOthers(): boolean {
    return this.#overdue >= this.#options.concurrency && this.#options.pattern.guarantees.keepsUnread;
  }

  get #isOutOfTime(): boolean {
    if (this.#failure || this.#options.abandon.aborted) return true;
    return this.#stoppedAt !== undefined && performance.now() - this.#stoppedAt > FINISH_MS;
  }

  #giveUp(): void {
    for (const handling of this.#handlings) handling.abort(new Error('the consumer ends'));
    this.#wake();
  }

  /** Finishes what is in flight: what can be handled in time is, the rest is requeued in order. */
  async #finish(): Promise<void> {
    const { abandon } = this.#options;
    let gaveUpAt: number | undefined;
    while (this.#inFlight > 0) {
      if (abandon.aborted) gaveUpAt ??= performance.now();
      if (this.#failure && gaveUpAt === undefined) {
        gaveUpAt = performance.now();
        this.#giveUp();
      }
      if (gaveUpAt !== undefined && performance.now() - gaveUpAt > GIVE_UP_MS) await this.#requeueAll();
      else if (this.#isOutOfTime) await this.#requeueWaiting();
      await this.#change(20);
    }
  }

  /** Requeues also what handlers still work on: they were told to give up, and did not. */
  async #requeueAll(): Promise<void> {
    const running = [...this.#handlings].filter(({ isSettled }) => !isSettled);
    for (const handling of running) {
      clearTimeout(handling.timer);
      handling.isSettled = true;
      this.#overdue++;
    }
    const waiting = this.#waiting.splice(this.#begun);
    await this.#settlement.requeue(
      [...running.map(({ message }) => message), ...waiting].map(({ delivery }) => delivery),
    );
    if (this.#failure) this.#inFlight = 0; // what was done could not be acknowledged: it comes again
  }

  async #change(ms: number): Promise<void> {
    const limit = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      }),
      sleep(ms, undefined, { signal: limit.signal }).catch(() => {}),
    ]);
    limit.abort();
  }
}

/** Resolves when what was given to the client is written: it writes at the end of a turn, and some steps begin only in the next. */
async function written(): Promise<void> {
  await turn();
  await turn();
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
