import { Latency } from '@redis-messaging/shared/accounting/latency';
import { type Account, Ledger } from '@redis-messaging/shared/accounting/ledger';
import type { SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { Span } from '@redis-messaging/shared/accounting/time-span';
import { decode, type Message } from '@redis-messaging/shared/message/message';
import type { Delivery, Pattern } from '@redis-messaging/shared/patterns/pattern';
import { isMistake, outcomeOf } from '@redis-messaging/shared/redis/outcome';
import { heldIn } from '@redis-messaging/shared/service/backlog';
import { LogLimiter } from '@redis-messaging/shared/service/log-limiter';
import type { Logger } from '@redis-messaging/shared/service/logger';
import type { Service } from '@redis-messaging/shared/service/service';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatNumber, milliseconds } from '@redis-messaging/shared/text/table';
import { Books } from './ledger-store.ts';

/** More bytes of a payload than this are not written to the log. */
const LONGEST_IN_LOG = 1024 * 1024;

/** What one pattern's subscriber has seen, and its log lines. */
export class Tally {
  readonly log: Logger;
  readonly #service: Service;
  readonly #pattern: Pattern;
  readonly #topic: string;
  readonly #ledger: Ledger;
  readonly #books: Books;
  #booksAreRefused = false;
  readonly #latency = new Latency();
  readonly #observe: (micros: number) => void;
  readonly #span = new Span();
  readonly #lines: LogLimiter;
  readonly #released = { back: 0, stayed: 0, lost: 0 };
  #unwritten: (() => void)[] = [];
  #deliveries = 0;
  #invalid = 0;
  #redelivered = 0;
  #deduplicated = 0;
  #missing = 0;
  #failed = 0;
  #dead = 0;

  constructor(service: Service, pattern: Pattern, topic: string) {
    this.log = service.log.child({ pattern: pattern.name });
    this.#service = service;
    this.#pattern = pattern;
    this.#topic = topic;
    this.#ledger = new Ledger(pattern.guarantees);
    const { GROUP, CONSUMER } = service.config;
    this.#books = new Books(service.redis, this.#ledger, [topic, pattern.name, GROUP], CONSUMER);
    this.#observe = service.metrics.latencyObserver(pattern.name);
    this.#lines = new LogLimiter(service.log, (lines) => this.#logSuppressed(lines));
  }

  /** Goes on with the account of an earlier life of this subscriber, if there is one. */
  async open(): Promise<void> {
    const { connection, stop } = this.#service;
    await this.#keepBooks(connection.survive(stop.signal, () => this.#books.open()) as Promise<void>);
    const { received, lost } = this.#ledger.account();
    if (received === 0) return;
    this.log.info(
      { event: 'restored', received, lost },
      `Going on with the account of ${this.#pattern.label} from before: ${formatNumber(received)} received`,
    );
  }

  /**
   * Stores the account, so that the next life of this subscriber can go on with it. Not waited for: what is sent on the same
   * connection afterwards, such as an acknowledgement, comes after it in any case.
   */
  save(): void {
    void this.#keepBooks(this.#books.save());
  }

  /**
   * Says and stores what has been booked, before an acknowledgement leaves on the same connection: a crash in between makes
   * it come twice, but not vanish from the log or from the account.
   */
  commit(): void {
    this.#writeNow();
    this.save();
  }

  /** Books a message that was handled. `madeAt` in µs since 1970. */
  received(message: Message, madeAt: number, delivery: Delivery): void {
    const { receivedAt, attempt } = delivery;
    if (attempt > 1) this.#redelivered++;
    const { sender, count, id } = message;
    const kind = this.#ledger.receive({ sender, count, id, madeAt });
    const latency = receivedAt - madeAt;
    this.#latency.record(latency);
    if (latency >= 0) this.#observe(latency);
    this.#span.mark(receivedAt);
    this.#deliveries++;
    if (this.#lines.take('info')) this.#logReceived(message, latency / 1000, kind, delivery);
  }

  /** Books a delivery of a message that had been handled before, and was left out. */
  deduplicated({ id, sender, count, message }: Message, { attempt }: Delivery): void {
    if (attempt > 1) this.#redelivered++;
    this.#deduplicated++;
    if (!this.#lines.take('info')) return;
    this.log.info(
      { event: 'deduplicated', id, sender: sanitize(sender, 60), count, attempt },
      `Handled before, left out: ${sanitize(message)} [${this.#pattern.label}, attempt ${attempt}]`,
    );
  }

  /** Books a delivery whose handler failed, and what becomes of it. */
  failed(message: Message, madeAt: number, reason: string, fate: 'again' | 'dead' | 'lost'): void {
    this.#failed++;
    if (fate === 'dead') this.#dead++;
    if (fate === 'lost') this.#ledger.lose({ ...message, madeAt });
    if (!this.#lines.take('warn')) return;
    const { id, sender, count } = message;
    const ends = { again: 'it comes again', dead: 'it went to the dead letters', lost: 'it is lost' };
    this.log.warn(
      { event: 'failed', id, sender: sanitize(sender, 60), count, reason, fate },
      `Handler failed for ${sanitize(message.message)} (${reason}); ${ends[fate]} [${this.#pattern.label}]`,
    );
  }

  /** Books a message that was delivered too often in vain. */
  worn(payload: Buffer, reason: string): void {
    this.#dead++;
    const preview = sanitize(payload.toString('utf8', 0, 200), 60);
    this.log.warn(
      { event: 'dead', reason, preview },
      `To the dead letters of ${this.#pattern.label} (${reason}): ${preview}`,
    );
  }

  /** Books messages that Redis no longer had when they were to be delivered again. */
  missing(messages: number): void {
    if (messages === 0) return;
    this.#missing += messages;
    this.log.error(
      { event: 'missing', messages },
      `${formatNumber(messages)} messages of ${this.#pattern.label} are gone from Redis before they were acknowledged`,
    );
  }

  /** Books a payload that is not a message. */
  invalid(delivery: Delivery, reason: string): void {
    this.#invalid++;
    if (!this.#lines.take('warn')) return;
    const { label } = this.#pattern;
    const preview = sanitize(delivery.payload.toString('utf8', 0, 200), 60);
    this.log.warn(
      { event: 'invalid', reason, bytes: delivery.payload.length, preview },
      `Invalid message of ${formatNumber(delivery.payload.length)} bytes (${reason}): ${preview} [${label}, invalid #${this.#invalid}]`,
    );
  }

  /** Keeps a payload that could not be put where it belongs: in the log, so that it is not lost. */
  unstored({ payload }: Delivery, reason: string): void {
    const bytes = payload.toString('base64', 0, LONGEST_IN_LOG);
    const cut = payload.length > LONGEST_IN_LOG ? ` (the first ${formatNumber(LONGEST_IN_LOG)} bytes)` : '';
    this.log.error(
      { event: 'undeliverable', reason },
      `Could not store a payload of ${this.#pattern.label} (${reason}); its bytes in base64${cut}: ${bytes}`,
    );
  }

  /** Books deliveries that were not handled before the end: given back to Redis, still in its keeping, or lost. */
  released(unhandled: readonly Delivery[], givenBack: boolean): void {
    const fate = givenBack ? 'back' : this.#pattern.guarantees.survivesCrash ? 'stayed' : 'lost';
    this.#released[fate] += unhandled.length;
    if (fate !== 'lost') return;
    for (const delivery of unhandled) {
      const decoded = decode(delivery.payload);
      if (decoded.ok) this.#ledger.lose({ ...decoded.message, madeAt: decoded.madeAt });
      if (this.#pattern.guarantees.keepsUnread) this.unstored(delivery, 'Redis did not take it back');
    }
  }

  /** Says that the handler is too slow for what arrives. */
  overflowed(dropped: number): void {
    this.log.warn(
      { event: 'overflow', messages: dropped },
      `Falling behind: dropped ${formatNumber(dropped)} deliveries of ${this.#pattern.label} that waited too long for the handler`,
    );
  }

  async figures(): Promise<SubscriberStats> {
    return {
      ...(await this.#account()),
      redelivered: this.#redelivered,
      deduplicated: this.#deduplicated,
      missing: this.#missing,
      failed: this.#failed,
      dead: this.#dead,
      invalid: this.#invalid,
      latencyMs: this.#latency.report(),
      ...(await heldIn(this.#service.redis, this.#pattern, this.#topic, this.#service.config.GROUP)),
      ...this.#span.report(),
    };
  }

  /** Of what nobody here has seen, what is missing in Redis is lost; it may not have shown as a gap yet. */
  async #account(): Promise<Account> {
    // What is popped is gone, so if nobody else pops, what is missing is lost.
    const isAlone = this.#pattern.guarantees.delivery === 'at-most-once' && (await this.#books.areTheOnlyOnes());
    const account = this.#ledger.account(isAlone);
    const missing = Math.min(this.#missing, account.elsewhere);
    return { ...account, lost: account.lost + missing, elsewhere: account.elsewhere - missing };
  }

  /** Says what has not been said yet. */
  close(): void {
    this.#writeNow();
    this.#lines.flush();
    const { back, stayed, lost } = this.#released;
    if (back > 0) this.#logReleased(back, true, 'Gave back');
    if (stayed > 0) this.#logReleased(stayed, true, 'Left in Redis');
    if (lost > 0) this.#logReleased(lost, false, 'Lost');
  }

  /** The account is kept here in any case; that it cannot be stored is said once. */
  async #keepBooks(step: Promise<void>): Promise<void> {
    try {
      await step;
      this.#booksAreRefused = false;
    } catch (error) {
      if (this.#booksAreRefused || (outcomeOf(error) !== 'refused' && !isMistake(error))) return;
      this.#booksAreRefused = true;
      const reason = (error as Error).message;
      this.log.warn(
        { event: 'unsaved', reason },
        `Cannot read or keep the account of ${this.#pattern.label} in Redis (${reason}); the lives of this subscriber do not know of each other`,
      );
    }
  }

  #logReleased(messages: number, kept: boolean, fate: string): void {
    const { label } = this.#pattern;
    this.log.info(
      { event: 'released', messages, kept },
      `${fate} ${formatNumber(messages)} deliveries of ${label} that were not handled before the end`,
    );
  }

  #logReceived(
    { id, sender, count, message }: Message,
    latencyMs: number,
    kind: string,
    { attempt, channel }: Delivery,
  ): void {
    const received = this.#deliveries;
    const from = sanitize(sender, 60);
    const remark = `${kind === 'new' ? '' : `, ${kind}`}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
    const via = channel === undefined ? '' : ` ${sanitize(channel, 60)}`;
    const fields = {
      event: 'received',
      id,
      sender: from,
      count,
      received,
      latencyMs,
      attempt,
      ...(kind !== 'new' && { kind }),
      ...(channel && { channel }),
    };
    const shortId = id.slice(0, 8);
    this.#writeSoon(
      fields,
      `[${from}] ${sanitize(message)} (ID ${shortId}) [${this.#pattern.label}${via} #${received}, ${milliseconds(latencyMs)}${remark}]`,
    );
  }

  /** Writing takes longer than receiving; so that no pattern waits for another's lines, they come after this turn. */
  #writeSoon(fields: object, text: string): void {
    if (this.#unwritten.push(() => this.log.info(fields, text)) === 1) setImmediate(() => this.#writeNow());
  }

  #writeNow(): void {
    const lines = this.#unwritten;
    this.#unwritten = [];
    for (const write of lines) write();
  }

  #logSuppressed(messages: number): void {
    const level = this.log.isLevelEnabled('info') ? 'info' : 'warn';
    this.log[level](
      { event: 'suppressed', messages },
      `… and ${formatNumber(messages)} more by ${this.#pattern.label} (LOG_LEVEL=debug shows each)`,
    );
  }
}
