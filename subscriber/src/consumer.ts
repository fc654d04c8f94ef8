import { setTimeout as sleep } from 'node:timers/promises';
import { type Decoded, decode, type Message } from '@redis-messaging/shared/message/message';
import type { Delivery, Pattern, Subscription } from '@redis-messaging/shared/patterns/pattern';
import { isMistake, outcomeOf } from '@redis-messaging/shared/redis/outcome';
import type { Service } from '@redis-messaging/shared/service/service';
import { within } from './grace-period.ts';
import type { Handler } from './handler.ts';
import { Tally } from './subscriber-stats.ts';

/** The most deliveries in one batch when handling takes no time. */
const BATCH = 500;
/** With simulated work, no more is taken at once than is done in this time (s), so that little is in hand at a stop or crash. */
const IN_HAND_SECONDS = 0.1;
/** After a stop (ms): what is not begun by then is given back, and each step that settles something gets as long. */
const FINISH_MS = 500;
const RETRY_MS = 1000;
/** After a refusal, reading must go well for so long (ms) before it counts as accepted. */
const STEADY_MS = 500;

type Valid = Extract<Decoded, { ok: true }>;
/** A message that its handler is done with. */
interface Handled {
  readonly delivery: Delivery;
  readonly message: Message;
  /** µs since 1970. */
  readonly madeAt: number;
}

/** Consumes one pattern: takes batches, has each message handled, settles it, and keeps the tally. */
export class Consumer {
  readonly pattern: Pattern;
  isSubscribed = false;
  readonly #service: Service;
  readonly #topic: string;
  readonly #handle: Handler | undefined;
  readonly #dedupeMs: number;
  /** Whether a message that comes again is left out. */
  readonly #dedupes: boolean;
  readonly #tally: Tally;
  #stoppedAt: number | undefined;
  #refused = false;

  constructor(service: Service, pattern: Pattern, handle: Handler | undefined) {
    this.pattern = pattern;
    this.#service = service;
    this.#topic = service.config.topics.get(pattern) as string;
    this.#handle = handle;
    this.#dedupeMs = Math.round(service.config.DEDUPE_TTL * 1000);
    this.#dedupes = this.#dedupeMs > 0 && pattern.guarantees.delivery === 'at-least-once';
    this.#tally = new Tally(service, pattern, this.#topic);
    service.stop.signal.addEventListener('abort', () => {
      this.#stoppedAt = performance.now();
    });
  }

  figures(): ReturnType<Tally['figures']> {
    return this.#tally.figures();
  }

  /** Subscribes and consumes until the stop; when Redis refuses, or is lost while subscribing, tries again. */
  async run(): Promise<void> {
    const { signal } = this.#service.stop;
    await this.#tally.open();
    while (!signal.aborted) {
      let subscribing = true;
      try {
        await using subscription = await this.#subscribe();
        subscribing = false;
        using _ = this.#subscribed();
        for await (const batch of subscription) await this.#take(subscription, batch);
      } catch (error) {
        if (signal.aborted) break;
        if (outcomeOf(error) === 'refused') this.#logRefused(error as Error);
        else if (!subscribing || isMistake(error)) throw error;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
    this.#tally.close();
  }

  /** Subscribed, once it has held for a moment: some refusals come only with the first read. */
  #subscribed(): Disposable {
    const timer = setTimeout(
      () => {
        this.isSubscribed = true;
        if (this.#refused)
          this.#tally.log.info({ event: 'accepted' }, `Reading ${this.pattern.label} '${this.#topic}' again`);
        this.#refused = false;
      },
      this.#refused ? STEADY_MS : 0,
    );
    return {
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        this.isSubscribed = false;
      },
    };
  }

  async #subscribe(): Promise<Subscription> {
    const { config, connection, stop } = this.#service;
    const batch =
      config.WORK_TIME === 0 ? BATCH : Math.min(BATCH, Math.max(1, Math.floor(IN_HAND_SECONDS / config.WORK_TIME)));
    return await this.pattern.subscribe(connection, this.#topic, {
      signal: stop.signal,
      batch,
      consumer: config.CONSUMER,
      group: config.GROUP,
      groupStart: config.GROUP_START,
      reclaimAfterMs: Math.round(config.RECLAIM_AFTER * 1000),
      maxAttempts: config.MAX_ATTEMPTS,
      maxLength: config.STREAM_MAXLEN,
      onMissing: (messages) => this.#tally.missing(messages),
      onDead: (payload, reason) => this.#tally.worn(payload, reason),
      onOverflow: (dropped) => this.#tally.overflowed(dropped),
    });
  }

  async #take(subscription: Subscription, batch: readonly Delivery[]): Promise<void> {
    const handled: Handled[] = [];
    let done = 0;
    while (done < batch.length && !this.#isOutOfTime()) {
      const delivery = batch[done] as Delivery;
      const decoded = decode(delivery.payload);
      if (!decoded.ok) {
        this.#tally.invalid(delivery, decoded.reason);
        await this.#reject(subscription, delivery, decoded.reason);
      } else {
        const outcome = this.#handle ? await this.#outcomeOf(subscription, decoded.message) : 'done';
        if (outcome === 'abandoned') break;
        if (outcome === 'done') handled.push(this.#done(decoded, delivery));
        else await this.#fail(subscription, delivery, decoded, outcome.failure);
      }
      done++;
    }
    await this.#acknowledge(subscription, handled);
    if (done < batch.length) {
      await this.#giveBack(subscription, batch.slice(done));
      this.#tally.save();
    }
  }

  /** Without DEDUPE_TTL a message is booked before it is acknowledged: a crash in between shows as a duplicate, not as a loss. */
  #done({ message, madeAt }: Valid, delivery: Delivery): Handled {
    if (!this.#dedupes) {
      this.#tally.received(message, madeAt, delivery);
      if (this.#handle) this.#tally.commit(); // what took some time is not counted as lost by a crash in the next one
    }
    return { delivery, message, madeAt };
  }

  /** With DEDUPE_TTL only Redis can say whether a message was handled for the first time, so it is booked after the answer. */
  async #acknowledge(subscription: Subscription, handled: readonly Handled[]): Promise<void> {
    const deliveries = handled.map(({ delivery }) => delivery);
    if (!this.#dedupes) {
      this.#tally.save();
      await subscription.ack(deliveries);
      return;
    }
    const once = { ids: handled.map(({ message }) => message.id), ttlMs: this.#dedupeMs };
    const first = await subscription.ack(deliveries, once);
    if (!first) return; // the stop came before the answer: it comes again, and is left out if it was marked
    for (const [index, { message, madeAt, delivery }] of handled.entries()) {
      if (first[index]) this.#tally.received(message, madeAt, delivery);
      else this.#tally.deduplicated(message, delivery);
    }
    this.#tally.save();
  }

  #isOutOfTime(): boolean {
    return this.#stoppedAt !== undefined && performance.now() - this.#stoppedAt > FINISH_MS;
  }

  /** Has a message handled; `abandoned` if the handler had to give up because time is over. */
  async #outcomeOf(subscription: Subscription, message: Message): Promise<'done' | 'abandoned' | { failure: string }> {
    const { abandon } = this.#service.stop;
    try {
      const isHandled = this.#dedupes && (await this.#wasHandled(subscription, message.id));
      if (isHandled === undefined) return 'abandoned';
      if (isHandled) return 'done';
      await this.#handle?.(message, abandon);
      return 'done';
    } catch (error) {
      return abandon.aborted ? 'abandoned' : { failure: (error as Error).message };
    }
  }

  /** `undefined` if Redis does not say before the end. */
  async #wasHandled(subscription: Subscription, id: string): Promise<boolean | undefined> {
    const { connection, stop } = this.#service;
    return await connection.survive(stop.abandon, () => subscription.wasHandled(id));
  }

  async #fail(
    subscription: Subscription,
    delivery: Delivery,
    { message, madeAt }: Valid,
    reason: string,
  ): Promise<void> {
    const step = subscription.fail(delivery, reason);
    const fate = await within(step, this.#service.stop.signal, FINISH_MS);
    this.#tally.failed(message, madeAt, reason, fate ?? 'again'); // not settled, it stays in hand and is reclaimed
  }

  async #giveBack(subscription: Subscription, unhandled: readonly Delivery[]): Promise<void> {
    const kept = await within(subscription.release(unhandled), this.#service.stop.signal, FINISH_MS);
    this.#tally.released(unhandled, kept === true);
  }

  /** To the dead letters; if they cannot be reached before the end, into the log, so that nothing is lost. */
  async #reject(subscription: Subscription, delivery: Delivery, reason: string): Promise<void> {
    const stored = await within(
      subscription.reject(delivery, reason).then(() => true),
      this.#service.stop.signal,
      FINISH_MS,
    );
    if (!stored) this.#tally.unstored(delivery, reason);
  }

  /** Once, until reading goes well again. */
  #logRefused(error: Error): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#tally.log.error(
      { event: 'refused', reason: error.message },
      `Cannot read ${this.pattern.label} '${this.#topic}': Redis refuses it (${error.message}); trying again until it does not`,
    );
  }
}
