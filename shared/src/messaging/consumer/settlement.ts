import { setTimeout as sleep } from 'node:timers/promises';
import type { AckFate, Delivery, Idempotency, Subscription } from '../../delivery/delivery.ts';
import type { Pattern } from '../../patterns/pattern.ts';
import { outcomeOf } from '../../redis/outcome.ts';
import type { ConsumerObserver, Incoming } from '../events.ts';
import { within } from './grace-period.ts';

/** After a stop (ms), each step that settles something gets this long. */
const FINISH_MS = 500;
/** From one attempt to store a dead letter to the next: ms. */
const RETRY_MS = 500;

const NONE: readonly never[] = Object.freeze([]);

/** What a settlement works with. */
export interface SettlementOptions<Value> {
  readonly pattern: Pattern;
  /** 0 = off. */
  readonly dedupeTtlMs: number;
  /** Aborts when nothing more may be begun. */
  readonly signal: AbortSignal;
  readonly observer: ConsumerObserver<Value>;
  /** Called when the handlers of these are done with, for good or bad. */
  readonly onHandled: (messages: readonly Incoming<Value>[]) => void;
  /** Called when this many deliveries are settled. */
  readonly onSettled: (deliveries: number) => void;
  /** Called when Redis refuses a step, or the observer throws. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Settles each delivery of a subscription once, and tells the observer. What is done while an acknowledgement is under way is
 * acknowledged together by the next.
 */
export class Settlement<Value> {
  readonly #subscription: Subscription;
  readonly #options: SettlementOptions<Value>;
  #done: Incoming<Value>[] = [];
  #isAcknowledging = false;
  #hasFailed = false;
  /** Why dead letters are refused. */
  #refusal: string | undefined;
  /** How many deliveries are on their way to the dead letters. */
  rejecting = 0;

  constructor(subscription: Subscription, options: SettlementOptions<Value>) {
    this.#subscription = subscription;
    this.#options = options;
  }

  /** A message's handler is done; `acknowledge` settles it. */
  done(message: Incoming<Value>): void {
    this.#done.push(message);
  }

  /** Acknowledges what is done, if nothing is under way. */
  acknowledge(): void {
    if (this.#done.length > 0 && !this.#isAcknowledging && !this.#hasFailed) this.#watch(this.#acknowledgeAll());
  }

  /** A message's handler failed. */
  failed(message: Incoming<Value>, error: unknown): void {
    this.#watch(this.#fail(message, error instanceof Error ? error.message : String(error)));
  }

  /** A delivery can never be handled. */
  rejected(delivery: Delivery, reason: string): void {
    this.#watch(this.#reject(delivery, reason));
  }

  /** Gives back deliveries that nobody handles here. */
  async requeue(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const { signal, pattern, observer, onSettled } = this.#options;
    const isBack = await within(this.#subscription.requeue(deliveries), signal, FINISH_MS);
    observer.unhandled?.(deliveries, isBack ? 'requeued' : pattern.guarantees.survivesCrash ? 'kept' : 'lost');
    onSettled(deliveries.length);
  }

  async #acknowledgeAll(): Promise<void> {
    this.#isAcknowledging = true;
    const { observer, dedupeTtlMs, onHandled, onSettled } = this.#options;
    const isSeenAgain = dedupeTtlMs > 0 || observer.acknowledged !== undefined;
    try {
      while (this.#done.length > 0 && !this.#hasFailed) {
        let batch: readonly Incoming<Value>[] = this.#done;
        const { length } = batch;
        this.#done = [];
        const acknowledgement = this.#acknowledge(batch);
        // What nobody sees again must not stay in memory until Redis answers: it would be most of what the garbage collector moves.
        if (!isSeenAgain) batch = NONE;
        const fates = await acknowledgement;
        if (fates) observer.acknowledged?.(batch, fates); // else the stop came first: they come again
        if (fates) observer.acknowledgedAs?.(fates);
        onHandled(batch);
        onSettled(length);
      }
    } finally {
      this.#isAcknowledging = false;
    }
  }

  /** Tells that these are handled, and has them acknowledged. */
  #acknowledge(batch: readonly Incoming<Value>[]): Promise<readonly AckFate[] | undefined> {
    const { pattern, observer, dedupeTtlMs } = this.#options;
    observer.handled?.(batch);
    const deliveries = batch.map(({ delivery }) => delivery);
    const once: Idempotency | undefined =
      dedupeTtlMs > 0 ? { ids: batch.map(({ id }) => id as string), ttlMs: dedupeTtlMs } : undefined;
    const isTold = pattern.guarantees.delivery === 'at-least-once';
    return this.#subscription.ack(deliveries, {
      once,
      writes: isTold ? observer.writesOnAck?.() : undefined,
      onWriteRefused: (reason) => observer.writeRefused?.(reason),
    });
  }

  async #fail(message: Incoming<Value>, reason: string): Promise<void> {
    const { signal, observer, onHandled, onSettled } = this.#options;
    const fate = await within(this.#subscription.fail(message.delivery, reason), signal, FINISH_MS);
    onHandled([message]);
    observer.failed?.(message, reason, fate ?? 'again'); // not settled, it stays in flight and is reclaimed
    onSettled(1);
  }

  /** To the dead letters, however long that takes; if they cannot be reached before the end, to the observer. */
  async #reject(delivery: Delivery, reason: string): Promise<void> {
    const { signal, pattern, observer, onSettled } = this.#options;
    this.rejecting++;
    const fate = await within(this.#store(delivery, reason), signal, FINISH_MS);
    const isLost = fate === undefined || (fate === 'lost' && pattern.guarantees.keepsUnread);
    if (isLost && !pattern.guarantees.survivesCrash) observer.undeliverable?.(delivery, reason);
    this.rejecting--;
    onSettled(1);
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

  /** Nobody waits for these steps: that one fails must be told all the same. */
  #watch(step: Promise<void>): void {
    step.catch((error: Error) => {
      this.#hasFailed = true;
      this.#options.onFailure(error);
    });
  }
}
