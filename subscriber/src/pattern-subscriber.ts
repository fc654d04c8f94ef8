import { nowMicros } from '@redis-messaging/shared/accounting/clock';
import { Latency } from '@redis-messaging/shared/accounting/latency';
import { Ledger } from '@redis-messaging/shared/accounting/ledger';
import type { InRedis } from '@redis-messaging/shared/accounting/sessions/balance';
import { Sessions } from '@redis-messaging/shared/accounting/sessions/sessions';
import type { MemberStats, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { Span } from '@redis-messaging/shared/accounting/time-span';
import type { AckFate, Delivery, FailFate, Outage, Write } from '@redis-messaging/shared/delivery/delivery';
import { decode, type Message, type ReceivedMessage } from '@redis-messaging/shared/message/message';
import type { ConsumerObserver, Incoming } from '@redis-messaging/shared/messaging/events';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { heldIn, type Partition } from '@redis-messaging/shared/service/account/backlog';
import { partitionNames } from '@redis-messaging/shared/service/config';
import type { Service } from '@redis-messaging/shared/service/service';
import { AccountKeeper } from './account-keeper.ts';
import { AccountPlace } from './account-place.ts';
import { GroupAccount } from './group/group-account.ts';
import { groupStats } from './group/group-stats.ts';
import { accountKey, Names } from './group/names.ts';
import { Reports } from './group/reports.ts';
import type { ShownGroup } from './group/show-group.ts';
import { LedgerStore } from './ledger-store.ts';
import { SubscriberLog } from './subscriber-log.ts';

type Received = Incoming<ReceivedMessage>;
type Kind = ReturnType<Ledger['receive']>;

/** What a subscriber has received may be in its hands, up to this beside its handlers, or handled and not stored yet. */
const IN_HANDS = 1000;

/** In place of a group's name where there are no groups: all who read the topic have one account, whatever GROUP says. */
const ALL = 'subscribers';

/** Accounts for what one pattern's consumer does: stats, ledger and log lines. */
export class PatternSubscriber implements ConsumerObserver<ReceivedMessage> {
  readonly pattern: Pattern;
  readonly topic: string;
  readonly #service: Service;
  readonly #log: SubscriberLog;
  /** Messages of senders that name no session. */
  readonly #ledger: Ledger;
  /** All others. */
  readonly #sessions: Sessions;
  readonly #store: LedgerStore;
  readonly #partitions: readonly Partition[];
  readonly #keeper: AccountKeeper;
  readonly #group: GroupAccount;
  readonly #reports: Reports;
  readonly #latency = new Latency();
  readonly #handled = new Latency();
  readonly #span = new Span();
  readonly #observe: (micros: number) => void;
  /** Whether a message is booked only after its acknowledgement has told whether it was handled for the first time. */
  readonly #dedupes: boolean;
  /** Whether handling takes time, so that a crash while one is handled must not take others from the log. */
  readonly #hasHandler: () => boolean;
  readonly #counts = {
    redelivered: 0,
    deduplicated: 0,
    missing: 0,
    failed: 0,
    exhausted: 0,
    invalid: 0,
    leasesLost: 0,
  };
  readonly #unhandled = { requeued: 0, kept: 0, lost: 0 };
  /** Of what is booked before its acknowledgement tells whether it was handled for the first time. */
  readonly #kinds = new Map<Received, Kind>();
  #handledAt = 0;
  /** When it began to subscribe: µs since 1970. */
  #openedAt = 0;
  /** Partitions that are not subscribed to now. */
  readonly #disconnected = new Set<number>();
  #deliveries = 0;
  #endTelling: () => void = () => {};

  constructor(service: Service, pattern: Pattern, hasHandler: () => boolean) {
    const { config, log, messaging, metrics } = service;
    this.pattern = pattern;
    this.topic = config.topics.get(pattern) as string;
    this.#service = service;
    this.#log = new SubscriberLog(log, pattern.name, this.topic);
    this.#ledger = new Ledger(pattern.guarantees);
    const { client } = messaging.connectionFor(this.topic);
    const scope = [pattern.name, pattern.guarantees.groups ? config.GROUP : ALL];
    const group = [client, this.topic, scope, config.CONSUMER] as const;
    this.#partitions = partitionNames(config, pattern).map((name) => ({
      name,
      redis: messaging.connectionFor(name).client,
    }));
    this.#sessions = new Sessions(pattern.guarantees, this.#isSplit);
    const account = { ledger: this.#ledger, sessions: this.#sessions };
    const placesOf = (subscriber: string) =>
      this.#partitions.map(({ name, redis }) => new AccountPlace(redis, accountKey(name, scope, subscriber)));
    const names = new Names(...group);
    this.#reports = new Reports(...group);
    this.#store = new LedgerStore(placesOf(config.CONSUMER), account, names);
    this.#keeper = new AccountKeeper(service, pattern, this.#store, this.#log);
    const own = { store: this.#store, sessions: this.#sessions };
    this.#group = new GroupAccount(client, pattern, this.topic, own, {
      names,
      placesOf,
      reports: this.#reports,
      isRedisShared: config.REDIS_SHARED === 'on',
    });
    this.#observe = metrics.latencyObserver(pattern.name);
    this.#dedupes = config.DEDUPE_TTL > 0 && pattern.guarantees.delivery === 'at-least-once';
    this.#hasHandler = hasHandler;
  }

  /** Goes on with the account of an earlier instance of this subscriber, if there is one. */
  async open(): Promise<void> {
    await this.#keeper.open();
    this.#openedAt = nowMicros();
    if (this.#isSplit) this.#sessions.interrupt(Number.POSITIVE_INFINITY);
    this.#begin(this.#service.config.CONCURRENCY + IN_HANDS);
    if (this.#popsForGood) await this.#keeper.save();
    this.#endTelling = this.#reports.begin(async () => {
      await this.#store.renew();
      return await this.#told();
    });
    const { received } = this.#own;
    if (received > 0) this.#log.restored(received);
  }

  /** Only with DEDUPE_TTL: messages are booked once it is known which of them were handled before. */
  get acknowledged(): ConsumerObserver<ReceivedMessage>['acknowledged'] {
    return this.#dedupes ? (batch, fates) => this.#bookFirstOnes(batch, fates) : undefined;
  }

  /** @param isFinal whether nothing more is handled here */
  async stats(isFinal = false): Promise<SubscriberStats> {
    const { config, stop } = this.#service;
    const abandon = isFinal ? stop.abandon : undefined;
    const held = await heldIn(this.#partitions, this.pattern, config.GROUP, abandon);
    await this.#group.read(isFinal);
    return {
      ...held,
      ...this.#own,
      ...this.#balance(held),
      ...this.#counts,
      shares: this.#group.shares(config.CONSUMER),
      latencyMs: this.#latency.report(),
      handledMs: this.#handled.report(),
      ...this.#span.report(),
    };
  }

  /** The stats of all of the group, with those of this subscriber; and who shows them: one of the group does. */
  async ofGroup(stats: SubscriberStats): Promise<ShownGroup> {
    await this.#reports.read();
    const { shownBy, others } = this.#reports;
    return {
      name: this.pattern.name,
      shownBy,
      isShared: others.size > 0,
      own: stats,
      stats: groupStats(stats, this.#service.config.CONSUMER, others, this.#isBroadcast),
    };
  }

  /** Says and stores what has not been said and stored yet. */
  async close(): Promise<void> {
    for (const fate of ['requeued', 'kept', 'lost'] as const)
      if (this.#unhandled[fate] > 0) this.#log.unhandled(this.#unhandled[fate], fate);
    this.#log.close();
    this.#store.clues.end();
    await this.#keeper.close();
    this.#endTelling();
    await this.#reports.close(await this.#told()).catch(() => {}); // then another may show a table, too
  }

  handled(batch: readonly Received[]): void {
    this.#handledAt = nowMicros();
    if (this.#dedupes) {
      for (const message of batch)
        if (hasSession(message.value.message)) this.#kinds.set(message, this.#receive(message));
      return;
    }
    for (const message of batch) this.#book(message, this.#receive(message));
    if (this.#hasHandler()) this.#log.flush();
    if (this.pattern.guarantees.delivery === 'at-most-once') this.#keeper.saveSoon(); // there is no acknowledgement to go with
  }

  writesOnAck(partition = 0): readonly Write[] {
    return this.#store.writes(partition);
  }

  /** One that is the same, but for where its account is written to when something is acknowledged. */
  ofPartition(partition: number): ConsumerObserver<ReceivedMessage> {
    const own: ConsumerObserver<ReceivedMessage> = {
      writesOnAck: () => this.writesOnAck(partition),
      writesOnDeath: (payload) => this.writesOnDeath(payload, partition),
      acknowledgedAs: (fates) => this.acknowledgedAs(fates, partition),
      interrupted: (atMost, outage) => this.interrupted(atMost, outage, partition),
    };
    return new Proxy<ConsumerObserver<ReceivedMessage>>(this, {
      get(all, name) {
        const value = Reflect.get(name in own ? own : all, name);
        return typeof value === 'function' ? value.bind(all) : value;
      },
    });
  }

  writesOnDeath(payload: Buffer, partition = 0): readonly Write[] {
    const decoded = decode(payload);
    if (!decoded.ok || !hasSession(decoded.message)) return [];
    return this.#store.writesOnDeath({ ...decoded.message, receivedAt: nowMicros() }, partition);
  }

  writeRefused(reason: string): void {
    this.#keeper.refused(reason);
  }

  acknowledgedAs(fates: readonly AckFate[], partition = 0): void {
    for (const fate of fates) if (fate === 'lost-lease') this.#counts.leasesLost++;
    if (this.pattern.guarantees.delivery === 'at-least-once') this.#store.stored(partition);
  }

  failed({ value, delivery }: Received, reason: string, fate: FailFate): void {
    this.#counts.failed++;
    if (fate === 'dead') this.#bury(value, delivery.receivedAt);
    if (fate === 'lost') this.#lose(value, delivery.receivedAt);
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
    const decoded = decode(payload);
    if (decoded.ok) this.#bury(decoded, nowMicros());
    this.#log.dead(payload, reason);
  }

  missing(messages: number): void {
    this.#counts.missing += messages;
    this.#log.missing(messages);
  }

  /** The last partition has been subscribed to: what was sent meanwhile to one that was not yet is not in this account. */
  ready(): void {
    if (this.#isSplit) this.#interrupt(this.#openedAt);
  }

  interrupted(atMost: number, outage?: Outage, partition = 0): void {
    if (!outage || !this.#isSplit) {
      if (!outage?.isOver) this.#sessions.interrupt(nowMicros()); // what comes by one connection comes in order
    } else {
      if (outage.isOver) this.#disconnected.delete(partition);
      else this.#disconnected.add(partition);
      this.#interrupt(outage.since);
    }
    this.#store.clues.cutOff(atMost);
  }

  overflow(messages: number, since: number): void {
    this.#interrupt(since);
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
      if (decoded.ok) this.#lose(decoded, delivery.receivedAt);
      if (this.pattern.guarantees.keepsUnread) this.#log.undeliverable(delivery, 'Redis did not take it back');
    }
  }

  /** While one partition is disconnected, the others may go on. @param since µs since 1970 */
  #interrupt(since: number): void {
    this.#sessions.interrupt(this.#disconnected.size > 0 ? Number.POSITIVE_INFINITY : nowMicros(), since);
  }

  #bookFirstOnes(batch: readonly Received[], fates: readonly AckFate[]): void {
    for (const [index, fate] of fates.entries()) {
      const message = batch[index] as Received;
      const kind = this.#kinds.get(message);
      this.#kinds.delete(message);
      if (fate === 'done') this.#book(message, kind ?? this.#receive(message));
      else if (fate === 'repeated') this.#skip(message, kind);
    }
  }

  /** What is taken is gone from Redis before it is handled, where there is no acknowledgement: what this may cost is kept in mind. */
  #begin(mostInHands: number): void {
    if (this.pattern.guarantees.delivery === 'at-least-once') return;
    const lost = this.#store.clues.begin(mostInHands);
    if (lost === 0) return;
    if (this.#popsForGood) this.#store.clues.cutOff(lost);
    else this.#sessions.lostInHands(lost);
  }

  /** The account of the audience. */
  #balance(held: InRedis): ReturnType<GroupAccount['balance']> {
    // What is popped is gone, so if nobody else pops, what is missing is lost.
    const others = this.#ledger.account(this.#popsForGood && this.#group.isAlone);
    return this.#group.balance(others, this.pattern.guarantees.keepsUnread ? held : NOTHING_HELD, this.#counts.missing);
  }

  /** What others of the group need to know of this subscriber. */
  async #told(): Promise<MemberStats> {
    if (this.#isBroadcast) await this.#group.read(false);
    return {
      ...this.#own,
      ...(this.#isBroadcast && this.#balance(NOTHING_HELD)),
      ...this.#counts,
      latencyMs: this.#latency.report(),
      handledMs: this.#handled.report(),
    };
  }

  /** Whether messages come by several connections, so that some may be missed while others arrive. */
  get #isSplit(): boolean {
    return this.#partitions.length > 1;
  }

  get #isBroadcast(): boolean {
    return this.pattern.guarantees.audience === 'every-subscriber';
  }

  /** What this subscriber has handled itself. */
  get #own(): { received: number; duplicated: number; reordered: number } {
    const { received, duplicated, reordered } = this.#ledger.account();
    const { counts } = this.#sessions;
    return {
      received: received + counts.received,
      duplicated: duplicated + counts.duplicated,
      reordered: reordered + counts.reordered,
    };
  }

  /** Whether what a subscriber takes is gone from Redis before it is handled. */
  get #popsForGood(): boolean {
    const { delivery, audience } = this.pattern.guarantees;
    return delivery === 'at-most-once' && audience === 'one-subscriber';
  }

  /** Enters a message that was handled in the account. */
  #receive({ value: { message, madeAt }, delivery: { receivedAt } }: Received): Kind {
    const { sender, count, id, session } = message;
    if (session === undefined) return this.#ledger.receive({ sender, count, id, madeAt });
    return this.#sessions.receive({ session, sender, count, receivedAt });
  }

  #lose({ message, madeAt }: ReceivedMessage, receivedAt: number): void {
    if (hasSession(message)) this.#sessions.lose({ ...message, receivedAt });
    else this.#ledger.lose({ ...message, madeAt });
    void this.#keeper.save();
  }

  #bury({ message }: ReceivedMessage, receivedAt: number): void {
    this.#counts.exhausted++;
    if (!hasSession(message)) return;
    this.#sessions.bury({ ...message, receivedAt });
    void this.#keeper.save();
  }

  /** Books a message that was handled: what was measured of it, and its line in the log. */
  #book({ value: { message, madeAt }, delivery }: Received, kind: Kind): void {
    this.#countAttempt(delivery);
    const latency = delivery.receivedAt - madeAt;
    this.#latency.record(latency);
    this.#handled.record(Math.max(this.#handledAt, delivery.receivedAt) - madeAt);
    if (latency >= 0) this.#observe(latency);
    this.#span.mark(delivery.receivedAt);
    this.#log.received(message, delivery, latency / 1000, kind, ++this.#deliveries);
  }

  /** Books a delivery of a message that had been handled before. */
  #skip({ value, delivery }: Received, kind: Kind | undefined): void {
    this.#countAttempt(delivery);
    if (kind === 'duplicate') this.#sessions.forgive(value.message.session as string);
    this.#counts.deduplicated++;
    this.#log.deduplicated(value.message, delivery);
  }

  #countAttempt({ attempt }: Delivery): void {
    if (attempt > 1) this.#counts.redelivered++;
  }
}

/** Nothing waits by a pattern that keeps nothing. */
const NOTHING_HELD = { waiting: 0, inFlight: 0 };

const hasSession = (message: Message): message is Message & { readonly session: string } =>
  message.session !== undefined;
