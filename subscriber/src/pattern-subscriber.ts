import type { Account } from '@redis-messaging/shared/accounting/account';
import { Latency } from '@redis-messaging/shared/accounting/latency';
import { Ledger } from '@redis-messaging/shared/accounting/ledger';
import type { SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { Span } from '@redis-messaging/shared/accounting/time-span';
import type { AckFate, Delivery, FailFate, Write } from '@redis-messaging/shared/delivery/delivery';
import { decode, type ReceivedMessage } from '@redis-messaging/shared/message/message';
import type { ConsumerObserver, Incoming } from '@redis-messaging/shared/messaging/events';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { isMistake, outcomeOf } from '@redis-messaging/shared/redis/outcome';
import { heldIn } from '@redis-messaging/shared/service/backlog';
import type { Service } from '@redis-messaging/shared/service/service';
import { LedgerStore } from './ledger-store.ts';
import { SubscriberLog } from './subscriber-log.ts';

type Received = Incoming<ReceivedMessage>;

/** Accounts for what one pattern's consumer does: stats, ledger and log lines. */
export class PatternSubscriber implements ConsumerObserver<ReceivedMessage> {
  readonly pattern: Pattern;
  readonly topic: string;
  readonly #service: Service;
  readonly #log: SubscriberLog;
  readonly #ledger: Ledger;
  readonly #store: LedgerStore;
  readonly #latency = new Latency();
  readonly #span = new Span();
  readonly #observe: (micros: number) => void;
  /** Whether a message is booked only after its acknowledgement has told whether it was handled for the first time. */
  readonly #dedupes: boolean;
  /** Whether handling takes time, so that a crash while one is handled must not take others from the log. */
  readonly #hasHandler: boolean;
  readonly #counts = { redelivered: 0, deduplicated: 0, missing: 0, failed: 0, dead: 0, invalid: 0, leasesLost: 0 };
  readonly #unhandled = { requeued: 0, kept: 0, lost: 0 };
  #deliveries = 0;
  #storeIsRefused = false;

  constructor(service: Service, pattern: Pattern, hasHandler: boolean) {
    const { config, log, messaging, metrics } = service;
    this.pattern = pattern;
    this.topic = config.topics.get(pattern) as string;
    this.#service = service;
    this.#log = new SubscriberLog(log, pattern.name, this.topic);
    this.#ledger = new Ledger(pattern.guarantees);
    const { client } = messaging.connection;
    this.#store = new LedgerStore(client, this.#ledger, this.topic, [pattern.name, config.GROUP], config.CONSUMER);
    this.#observe = metrics.latencyObserver(pattern.name);
    this.#dedupes = config.DEDUPE_TTL > 0 && pattern.guarantees.delivery === 'at-least-once';
    this.#hasHandler = hasHandler;
  }

  /** Goes on with the account of an earlier instance of this subscriber, if there is one. */
  async open(): Promise<void> {
    const { messaging, stop } = this.#service;
    await this.#stored(messaging.connection.survive(stop.signal, () => this.#restore()));
    const { received, lost } = this.#ledger.account();
    if (received > 0) this.#log.restored(received, lost);
  }

  async stats(): Promise<SubscriberStats> {
    const { client } = this.#service.messaging.connection;
    return {
      ...(await this.#account()),
      ...this.#counts,
      latencyMs: this.#latency.report(),
      ...(await heldIn(client, this.pattern, this.topic, this.#service.config.GROUP)),
      ...this.#span.report(),
    };
  }

  /** Says and stores what has not been said and stored yet. */
  async close(): Promise<void> {
    for (const fate of ['requeued', 'kept', 'lost'] as const)
      if (this.#unhandled[fate] > 0) this.#log.unhandled(this.#unhandled[fate], fate);
    this.#log.close();
    if (this.#service.messaging.connection.isReady) await this.#save();
  }

  handled(batch: readonly Received[]): void {
    if (this.#dedupes) return;
    for (const message of batch) this.#book(message);
    if (this.#hasHandler) this.#log.flush();
    if (this.pattern.guarantees.delivery === 'at-most-once') void this.#save(); // there is no acknowledgement to go with
  }

  writesOnAck(): readonly Write[] {
    return this.#store.writes();
  }

  writeRefused(reason: string): void {
    this.#unsaved(reason);
  }

  acknowledged(batch: readonly Received[], fates: readonly AckFate[]): void {
    for (const [index, fate] of fates.entries()) {
      if (fate === 'lost-lease') this.#counts.leasesLost++;
      if (!this.#dedupes) continue;
      const message = batch[index] as Received;
      if (fate === 'done') this.#book(message);
      else if (fate === 'repeated') this.#skip(message);
    }
    if (this.#dedupes) void this.#save();
    else if (this.pattern.guarantees.delivery === 'at-least-once') this.#store.stored();
  }

  failed({ value }: Received, reason: string, fate: FailFate): void {
    this.#counts.failed++;
    if (fate === 'dead') this.#counts.dead++;
    if (fate === 'lost') this.#ledger.lose({ ...value.message, madeAt: value.madeAt });
    this.#log.failed(value.message, reason, fate);
  }

  invalid({ payload }: Delivery, reason: string, bytes = payload.length): void {
    this.#log.invalid(payload, bytes, reason, ++this.#counts.invalid);
  }

  deadLettersRefused(reason: string | undefined): void {
    this.#log.deadLettersRefused(reason);
  }

  undeliverable(delivery: Delivery, reason: string): void {
    this.#log.undeliverable(delivery, reason);
  }

  dead(payload: Buffer, reason: string): void {
    this.#counts.dead++;
    this.#log.dead(payload, reason);
  }

  missing(messages: number): void {
    this.#counts.missing += messages;
    this.#log.missing(messages);
  }

  overflow(messages: number): void {
    this.#log.overflow(messages);
  }

  leaseLost(deliveries: readonly Delivery[]): void {
    this.#log.leaseLost(deliveries.length);
  }

  trouble(reason: string | undefined): void {
    this.#log.trouble(reason);
  }

  unhandled(deliveries: readonly Delivery[], fate: 'requeued' | 'kept' | 'lost'): void {
    this.#unhandled[fate] += deliveries.length;
    if (fate !== 'lost') return;
    for (const delivery of deliveries) {
      const decoded = decode(delivery.payload);
      if (decoded.ok) this.#ledger.lose({ ...decoded.message, madeAt: decoded.madeAt });
      if (this.pattern.guarantees.keepsUnread) this.#log.undeliverable(delivery, 'Redis did not take it back');
    }
  }

  /** Books a message that was handled. */
  #book({ value: { message, madeAt }, delivery }: Received): void {
    this.#countAttempt(delivery);
    const { sender, count, id } = message;
    const kind = this.#ledger.receive({ sender, count, id, madeAt });
    const latency = delivery.receivedAt - madeAt;
    this.#latency.record(latency);
    if (latency >= 0) this.#observe(latency);
    this.#span.mark(delivery.receivedAt);
    this.#log.received(message, delivery, latency / 1000, kind, ++this.#deliveries);
  }

  /** Books a delivery of a message that had been handled before. */
  #skip({ value, delivery }: Received): void {
    this.#countAttempt(delivery);
    this.#counts.deduplicated++;
    this.#log.deduplicated(value.message, delivery);
  }

  #countAttempt({ attempt }: Delivery): void {
    if (attempt > 1) this.#counts.redelivered++;
  }

  /** Of what nobody here has seen, what is missing in Redis is lost; it may not have shown as a gap yet. */
  async #account(): Promise<Account> {
    // What is popped is gone, so if nobody else pops, what is missing is lost.
    const isAlone = this.pattern.guarantees.delivery === 'at-most-once' && (await this.#store.isTheOnlyOne());
    const account = this.#ledger.account(isAlone);
    const missing = Math.min(this.#counts.missing, account.elsewhere);
    return { ...account, lost: account.lost + missing, elsewhere: account.elsewhere - missing };
  }

  #save(): Promise<void> {
    return this.#stored(this.#store.save());
  }

  async #restore(): Promise<void> {
    const problems = await this.#store.open();
    if (problems.length > 0) this.#log.discarded(this.#store.key, problems);
  }

  /** The account is kept here in any case; that it cannot be stored is said once. */
  async #stored(step: Promise<unknown>): Promise<void> {
    try {
      await step;
      this.#storeIsRefused = false;
    } catch (error) {
      if (outcomeOf(error) === 'refused' || isMistake(error)) this.#unsaved((error as Error).message);
    }
  }

  #unsaved(reason: string): void {
    if (!this.#storeIsRefused) this.#log.unsaved(reason);
    this.#storeIsRefused = true;
  }
}
