import { setTimeout as sleep } from 'node:timers/promises';
import type { AckExtras, Delivery, Idempotency, Subscription } from '../delivery/delivery.ts';
import type { Pattern } from '../patterns/pattern.ts';
import type { Connection } from '../redis/connection.ts';
import { outcomeOf } from '../redis/outcome.ts';
import type { Codec } from './codec.ts';
import type { ConsumerObserver, Incoming } from './events.ts';
import { FlightLimit } from './flight-limit.ts';
import { within } from './grace-period.ts';
import { type Handler, Handling } from './handler.ts';
import { Turns } from './turns.ts';

/** After a stop (ms): what is not begun by then is requeued, and each step that settles something gets as long. */
const FINISH_MS = 500;
/** What a handler gets to end after it was told to give up: ms. */
const GIVE_UP_MS = 250;
/** From one attempt to store a dead letter to the next: ms. */
const RETRY_MS = 500;
/** While these many dead letters cannot be stored, nothing more is taken. */
const MOST_REJECTED = 500;

/** What a dispatcher works with. */
export interface DispatcherOptions<Value> {
  readonly pattern: Pattern;
  readonly connection: Connection;
  readonly codec: Codec<never, Value>;
  /** Not there: a message is handled as soon as it is received. */
  readonly handler: Handler<Value> | undefined;
  readonly concurrency: number;
  /** 0 = never. */
  readonly handlerTimeoutMs: number;
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

/**
 * Takes deliveries from a subscription, has as many handled at a time as its concurrency says, and settles each of them once.
 * What is done while an acknowledgement is under way is acknowledged together by the next.
 */
export class Dispatcher<Value> {
  readonly #subscription: Subscription;
  readonly #options: DispatcherOptions<Value>;
  readonly #limit: FlightLimit;
  readonly #turns = new Turns();
  readonly #handlings = new Set<Handling<Value>>();
  /** Received, and not begun. */
  #waiting: Incoming<Value>[] = [];
  #begun = 0;
  #done: Incoming<Value>[] = [];
  #acknowledging = false;
  /** Taken, and not settled. */
  #inFlight = 0;
  /** Of those, on their way to the dead letters. */
  #rejected = 0;
  /** Handlers that run although their message is settled. */
  #overdue = 0;
  #failure: Error | undefined;
  /** Why dead letters are refused. */
  #refusal: string | undefined;
  #stoppedAt: number | undefined;
  #wake: () => void = () => {};

  constructor(subscription: Subscription, options: DispatcherOptions<Value>) {
    this.#subscription = subscription;
    this.#options = options;
    this.#limit = new FlightLimit(options.concurrency);
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
      await this.#takeAll();
      await this.#finish();
    } catch (error) {
      this.fail(error as Error);
    } finally {
      signal.removeEventListener('abort', stop);
      abandon.removeEventListener('abort', giveUp);
      for (const handling of this.#handlings) clearTimeout(handling.timer);
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

  /** Ends it with an error, once what is in flight is settled or given up. */
  fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#wake();
    this.#options.onFailure();
  }

  async #takeAll(): Promise<void> {
    while (!this.#failure) {
      const limit = await this.#room();
      if (this.#failure) return;
      const deliveries = await this.#subscription.take(limit);
      if (!deliveries) return;
      this.#limit.arrived(deliveries);
      this.#inFlight += deliveries.length;
      this.#receive(deliveries);
      this.#pump();
      if (this.#isForOthers) await this.#requeueWaiting();
    }
  }

  /** Waits until at most half of what may be in flight is, or a handler has nothing to do; returns how many more may be taken. */
  async #room(): Promise<number> {
    while (true) {
      const free = this.#options.concurrency - this.#overdue;
      const limit = this.#limit.current(this.#overdue);
      const toHandle = this.#inFlight - this.#rejected; // what cannot be handled must not hold up what can
      const isWelcome = limit > 0 && toHandle <= Math.max(limit / 2, free - 1);
      if (isWelcome && this.#rejected < MOST_REJECTED) return limit - toHandle;
      if (this.#failure || this.#options.signal.aborted) return 1;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
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
        this.#watch(this.#reject(delivery, reason));
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
    const { codec, dedupeTtlMs } = this.#options;
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
    if (this.#done.length > 0 && !this.#acknowledging) void this.#acknowledgeAll();
  }

  /** @returns whether it is handled already */
  #begin(message: Incoming<Value>): boolean {
    const { handler, dedupeTtlMs } = this.#options;
    if (!handler) {
      this.#done.push(message);
      return true;
    }
    const handling = new Handling(message);
    if (dedupeTtlMs > 0) {
      this.#handle(handling, this.#handleOnce(handling, handler));
      return false;
    }
    try {
      const result = handler(message.value, handling);
      if (isPromise(result)) {
        this.#handle(handling, result);
        return false;
      }
      this.#done.push(message);
    } catch (error) {
      this.#watch(this.#failed(message, error));
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
    if (!wasHandled) await handler(value, handling);
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
        if (ended()) this.#done.push(message);
        this.#pump();
        this.#wake();
      },
      (error) => {
        if (ended()) {
          if (this.#options.abandon.aborted) this.#unbegin(message);
          else this.#watch(this.#failed(message, error));
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
    this.#watch(this.#failed(handling.message, reason));
    // Most handlers end when they are told to. If none of these does, nobody is left to handle what waits here: others may.
    if (this.#isForOthers) setTimeout(() => this.#isForOthers && this.#watch(this.#requeueWaiting()), GIVE_UP_MS);
    this.#wake();
  }

  /** Puts a message back to those that wait: its handler gave up because time is over. */
  #unbegin(message: Incoming<Value>): void {
    this.#waiting.splice(this.#begun, 0, message);
  }

  async #requeueWaiting(): Promise<void> {
    const deliveries = this.#waiting.splice(this.#begun).map(({ delivery }) => delivery);
    await this.#requeue(deliveries);
  }

  async #acknowledgeAll(): Promise<void> {
    this.#acknowledging = true;
    try {
      while (this.#done.length > 0 && !this.#failure) {
        const batch = this.#done;
        this.#done = [];
        await this.#acknowledge(batch);
        this.#turns.leave(batch);
        this.#settled(batch.length);
      }
    } catch (error) {
      this.fail(error as Error);
    } finally {
      this.#acknowledging = false;
    }
  }

  async #acknowledge(batch: readonly Incoming<Value>[]): Promise<void> {
    const { pattern, observer, dedupeTtlMs } = this.#options;
    observer.handled?.(batch);
    const deliveries = batch.map(({ delivery }) => delivery);
    const once: Idempotency | undefined =
      dedupeTtlMs > 0 ? { ids: batch.map(({ id }) => id as string), ttlMs: dedupeTtlMs } : undefined;
    const isTold = pattern.guarantees.delivery === 'at-least-once';
    const extras: AckExtras = {
      once,
      writes: isTold && !once ? observer.writesOnAck?.() : undefined,
      onWriteRefused: (reason) => observer.writeRefused?.(reason),
    };
    const fates = await this.#subscription.ack(deliveries, extras);
    if (fates) observer.acknowledged?.(batch, fates); // else the stop came first: they come again
  }

  async #failed(message: Incoming<Value>, error: unknown): Promise<void> {
    const { signal, observer } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    const fate = await within(this.#subscription.fail(message.delivery, reason), signal, FINISH_MS);
    this.#turns.leave([message]);
    observer.failed?.(message, reason, fate ?? 'again'); // not settled, it stays in flight and is reclaimed
    this.#settled(1);
  }

  /** To the dead letters, however long that takes; if they cannot be reached before the end, to the observer. */
  async #reject(delivery: Delivery, reason: string): Promise<void> {
    const { signal, pattern, observer } = this.#options;
    this.#rejected++;
    const fate = await within(this.#store(delivery, reason), signal, FINISH_MS);
    const isLost = fate === undefined || (fate === 'lost' && pattern.guarantees.keepsUnread);
    if (isLost && !pattern.guarantees.survivesCrash) observer.undeliverable?.(delivery, reason);
    this.#rejected--;
    this.#settled(1);
  }

  async #store(delivery: Delivery, reason: string): Promise<string> {
    while (true) {
      try {
        const fate = await this.#subscription.reject(delivery, reason);
        this.#setRefusal(undefined);
        return fate;
      } catch (error) {
        if (this.#options.signal.aborted) throw error;
        if (outcomeOf(error) === 'refused') this.#setRefusal((error as Error).message);
        await sleep(RETRY_MS);
      }
    }
  }

  /** That dead letters are refused is told once, and that it is over. */
  #setRefusal(reason: string | undefined): void {
    if ((reason === undefined) === (this.#refusal === undefined)) return;
    this.#refusal = reason;
    this.#options.observer.deadLettersRefused?.(reason);
  }

  async #requeue(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const { signal, pattern, observer } = this.#options;
    const isBack = await within(this.#subscription.requeue(deliveries), signal, FINISH_MS);
    observer.unhandled?.(deliveries, isBack ? 'requeued' : pattern.guarantees.survivesCrash ? 'kept' : 'lost');
    this.#settled(deliveries.length);
  }

  #settled(messages: number): void {
    this.#inFlight -= messages;
    this.#wake();
  }

  /** What nobody waits for ends the dispatcher if it fails. */
  #watch(step: Promise<void>): void {
    step.catch((error) => this.fail(error));
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
    await this.#requeue([...running.map(({ message }) => message), ...waiting].map(({ delivery }) => delivery));
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

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
