import { setTimeout as sleep } from 'node:timers/promises';
import { v4 as uuid } from 'uuid';
import { nowMicros } from '../../accounting/clock.ts';
import type { SubscribeOptions, Subscription } from '../../delivery/delivery.ts';
import type { Pattern } from '../../patterns/pattern.ts';
import type { Connection } from '../../redis/connection.ts';
import { isMistake, outcomeOf } from '../../redis/outcome.ts';
import type { Codec } from '../codec.ts';
import type { ConsumerObserver } from '../events.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Handler } from './handler.ts';

/** How a consumer behaves. */
export interface ConsumerOptions {
  /** Consumers of one group share the messages of a stream; each group gets all of them. Default `consumers`. */
  readonly group?: string | undefined;
  /** Where a new group of a stream begins: at its oldest message (`0`, the default), or with what comes from now on (`$`). */
  readonly groupStart?: '0' | '$' | undefined;
  /** The consumer's name, under which what it has in flight outlives it. It must be its own. Default: made of host name and process id. */
  readonly name?: string | undefined;
  /** How many messages are handled at a time. Order is promised for 1 (the default) only. */
  readonly concurrency?: number | undefined;
  /** A handler that takes longer has failed: ms; 0 = never. Default 300,000. */
  readonly handlerTimeoutMs?: number | undefined;
  /** A message with this many failed attempts goes to the dead letters. Default 5. */
  readonly maxAttempts?: number | undefined;
  /**
   * What a consumer has in flight goes to another this long after the last sign of life: ms. It is renewed while the consumer's
   * process works, however long a handler takes. Default 30,000.
   */
  readonly leaseMs?: number | undefined;
  /** How long Redis remembers the ids of handled messages, so that each is handled once (at-least-once patterns): ms; 0 = off. */
  readonly dedupeTtlMs?: number | undefined;
  /** A stream that is longer loses its oldest messages, but none that a group has not acknowledged; 0 (default) = no limit. */
  readonly maxLength?: number | undefined;
}

/** What a consumer works with, besides its options. */
export interface ConsumerContext<Value> {
  readonly connection: Connection;
  readonly pattern: Pattern;
  readonly topic: string;
  readonly codec: Codec<never, Value>;
  /** The most bytes of a message of the topic. */
  readonly maxMessageBytes: number;
  readonly workers: Workers<Value>;
  readonly observer?: ConsumerObserver<Value>;
  /** Filled in here. */
  readonly status: ConsumerStatus;
  /** Aborts when nothing more may be begun. */
  readonly signal: AbortSignal;
  /** Aborts when handlers must give up. */
  readonly abandon: AbortSignal;
}

/** Who handles a consumer's messages; may be changed while it consumes. */
export interface Workers<Value> {
  /** Not there: a message is handled as soon as it is received. */
  handler: Handler<Value> | undefined;
  concurrency: number;
}

/** What can be asked of a consumer at any time. */
export interface ConsumerStatus {
  /** Whether Redis answers its reads, or a handler works within its time. */
  isConsuming(): boolean;
  /** To be called when its workers are changed. */
  workersChanged(): void;
}

const RETRY_MS = 1000;
/** After a refusal, reading must go well for this long (ms) before it counts as accepted. */
const STEADY_MS = 500;

/**
 * Subscribes and consumes until the signal aborts and everything in flight is settled; when Redis refuses, or is lost while
 * subscribing, tries again. Throws mistakes of the program.
 */
export async function consume<Value>(
  context: ConsumerContext<Value>,
  options: Required<ConsumerOptions>,
): Promise<void> {
  const { signal, observer = {} } = context;
  const report = new RefusalReport(observer);
  const identity = { instance: uuid(), onWaiting: (reason: string) => report.refused(reason) };
  while (!signal.aborted) {
    let isSubscribing = true;
    let dispatcher: Dispatcher<Value> | undefined;
    const failure = new AbortController();
    const end = AbortSignal.any([signal, failure.signal]);
    try {
      await using subscription = await subscribe(
        { ...context, signal: end },
        { ...options, ...identity },
        () => dispatcher,
      );
      isSubscribing = false;
      using _ = report.subscribed();
      const onFailure = () => failure.abort();
      const behaviour = timing(context.pattern, options);
      dispatcher = new Dispatcher(subscription, {
        ...context,
        observer,
        ...behaviour,
        onFailure,
        get handler() {
          return context.workers.handler;
        },
        get concurrency() {
          return context.workers.concurrency;
        },
      });
      const current = dispatcher;
      context.status.isConsuming = () => current.isConsuming;
      context.status.workersChanged = () => current.changed();
      await current.run();
    } catch (error) {
      if (signal.aborted) break;
      if (outcomeOf(error) === 'refused') report.refused((error as Error).message);
      else if (!isSubscribing || isMistake(error)) throw error;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

function timing(pattern: Pattern, options: Required<ConsumerOptions>) {
  const { handlerTimeoutMs, dedupeTtlMs } = options;
  const isRepeated = pattern.guarantees.delivery === 'at-least-once';
  return { handlerTimeoutMs, dedupeTtlMs: isRepeated ? dedupeTtlMs : 0 };
}

async function subscribe<Value>(
  { connection, pattern, topic, codec, maxMessageBytes, signal, observer }: ConsumerContext<Value>,
  { name, ...options }: Required<ConsumerOptions> & Pick<SubscribeOptions, 'instance' | 'onWaiting'>,
  dispatcher: () => Dispatcher<Value> | undefined,
): Promise<Subscription> {
  const { idIn } = codec;
  // What an observer throws must not reach those who read: they would take it for a lost connection.
  const tell = (step: () => void) => {
    try {
      step();
    } catch (error) {
      dispatcher()?.fail(error as Error);
    }
  };
  const subscribeOptions: SubscribeOptions = {
    ...options,
    signal,
    consumer: name,
    maxMessageBytes,
    ...(idIn && { identify: (payload: Buffer) => identify(codec, idIn, payload) }),
    ...(observer?.writesOnDeath && { writesOnDeath: (payload) => observer.writesOnDeath?.(payload) ?? [] }),
    onWriteRefused: (reason) => tell(() => observer?.writeRefused?.(reason)),
    onMissing: (messages) => tell(() => messages > 0 && observer?.missing?.(messages)),
    onExhausted: (payload, reason) => tell(() => observer?.dead?.(payload, reason)),
    onTooLarge: (bytes, beginning, reason) =>
      tell(() => observer?.invalid?.({ payload: beginning, receivedAt: nowMicros(), attempt: 1 }, reason, bytes)),
    onOverflow: (dropped, since) => tell(() => observer?.overflow?.(dropped, since)),
    onInterrupted: (atMost, outage) => tell(() => observer?.interrupted?.(atMost, outage)),
    onLeaseLost: (deliveries) => tell(() => dispatcher()?.leaseLost(deliveries)),
  };
  return await pattern.subscribe(connection, topic, subscribeOptions);
}

function identify<Value>(
  codec: Codec<never, Value>,
  idIn: (value: Value) => string | undefined,
  payload: Buffer,
): string | undefined {
  try {
    return idIn(codec.decode(payload));
  } catch {
    return undefined; // no value has no id
  }
}

/** Tells of a refusal once, and once that it is over: some refusals come only with the first read. */
class RefusalReport {
  readonly #observer: ConsumerObserver<never>;
  #isRefused = false;

  constructor(observer: ConsumerObserver<never>) {
    this.#observer = observer;
  }

  refused(reason: string): void {
    if (!this.#isRefused) this.#observer.trouble?.(reason);
    this.#isRefused = true;
  }

  /** Subscribed until it is disposed; said once it has held for a moment. */
  subscribed(): Disposable {
    const accepted = () => {
      this.#observer.subscribed?.(true);
      if (this.#isRefused) this.#observer.trouble?.(undefined);
      this.#isRefused = false;
    };
    const timer = setTimeout(accepted, this.#isRefused ? STEADY_MS : 0);
    return {
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        this.#observer.subscribed?.(false);
      },
    };
  }
}
