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

/**
 * From one acknowledgement to the next, unless many wait for it: ms. It costs Redis nearly as much for one message as for many. What is
 * handled that long after another comes again if the process is killed before its end.
 */
const ACKNOWLEDGE_EVERY_MS = 10;
/** So many handled messages wait no longer. */
const MANY = 64;

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

/** Settles each delivery of a subscription once, and tells the observer. What is handled within a moment is acknowledged together. */
export class Settlement<Value> {
  readonly #subscription: Subscription;
  readonly #options: SettlementOptions<Value>;
  /** Handled, and the observer does not know it yet. */
  #done: Incoming<Value>[] = [];
  /** Handled, and not on their way to be acknowledged. */
  #handled: Delivery[] = [];
  /** Their messages, if anybody sees them again. Else they are let go: they would be most of what the garbage collector moves. */
  #messages: Incoming<Value>[] = [];
  #isSeenAgain = false;
  readonly #isTold: boolean;
  #acknowledgedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;
  /** Why dead letters are refused. */
  #refusal: string | undefined;
  /** How many deliveries are on their way to the dead letters. */
  rejecting = 0;
  /** How many deliveries are being acknowledged. */
  acknowledging = 0;

  constructor(subscription: Subscription, options: SettlementOptions<Value>) {
    this.#subscription = subscription;
    this.#options = options;
    this.#isTold = options.pattern.guarantees.delivery === 'at-least-once';
  }

  /** How many deliveries are handled, and wait for others to be acknowledged with. */
  get waiting(): number {
    return this.#handled.length;
  }

  /** A message's handler is done; `acknowledge` settles it. */
  done(message: Incoming<Value>): void {
    this.#done.push(message);
  }

  /** Tells what is done, and acknowledges it: at once, if it has not just done so, or with what is done in the next moment. */
  acknowledge(): void {
    if (this.#hasFailed) return;
    this.#tellHandled();
    if (this.#handled.length === 0 || this.acknowledging > 0 || this.#hasFailed) return;
    const waitMs = this.#acknowledgedAt + ACKNOWLEDGE_EVERY_MS - performance.now();
    if (waitMs > 0 && !this.#isUrgent) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.acknowledge();
      }, waitMs);
      return;
    }
    this.end();
    this.#watch(this.#acknowledgeAll());
  }

  /** Nothing that waits is acknowledged any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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

  get #isUrgent(): boolean {
    return this.#handled.length >= MANY || !this.#isTold || this.#options.signal.aborted;
  }

  #tellHandled(): void {
    const batch = this.#done;
    if (batch.length === 0) return;
    this.#done = [];
    try {
      this.#options.observer.handled?.(batch);
    } catch (error) {
      this.#giveUp(error as Error);
    }
    if (this.#handled.length === 0) this.#isSeenAgain = this.#areSeenAgain;
    for (const message of batch) this.#handled.push(message.delivery);
    if (this.#isSeenAgain) for (const message of batch) this.#messages.push(message);
  }

  /** Whether anybody wants to see what is handled now again. */
  get #areSeenAgain(): boolean {
    const { dedupeTtlMs, observer } = this.#options;
    if (dedupeTtlMs > 0) return true;
    return observer.acknowledged !== undefined && (observer.wantsAcknowledged?.() ?? true);
  }

  async #acknowledgeAll(): Promise<void> {
    const { observer, onHandled, onSettled } = this.#options;
    try {
      do {
        this.#acknowledgedAt = performance.now();
        const { length } = this.#handled;
        this.acknowledging = length;
        const messages = this.#messages;
        const fates = await this.#acknowledge();
        if (fates) observer.acknowledged?.(messages, fates); // else the stop came first: they come again
        if (fates) observer.acknowledgedAs?.(fates);
        onHandled(messages);
        onSettled(length);
      } while (this.#handled.length > 0 && this.#isUrgent && !this.#hasFailed);
    } finally {
      this.acknowledging = 0;
    }
    this.acknowledge(); // what is left
  }

  #acknowledge(): Promise<readonly AckFate[] | undefined> {
    const { observer, dedupeTtlMs } = this.#options;
    const deliveries = this.#handled;
    const messages = this.#messages;
    this.#handled = [];
    this.#messages = [];
    const once: Idempotency | undefined =
      dedupeTtlMs > 0 ? { ids: messages.map(({ id }) => id as string), ttlMs: dedupeTtlMs } : undefined;
    return this.#subscription.ack(deliveries, {
      once,
      writes: this.#isTold ? observer.writesOnAck?.() : undefined,
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
    step.catch((error: Error) => this.#giveUp(error));
  }

  #giveUp(error: Error): void {
    this.#hasFailed = true;
    this.#options.onFailure(error);
  }
}
