import { waitingIn } from '@redis-messaging/shared/backlog';
import type { SubscriberFigures } from '@redis-messaging/shared/figures';
import { Latency } from '@redis-messaging/shared/latency';
import { Ledger } from '@redis-messaging/shared/ledger';
import { LineBudget } from '@redis-messaging/shared/line-budget';
import type { Logger } from '@redis-messaging/shared/logger';
import { decode, type Message } from '@redis-messaging/shared/message';
import type { Delivery, Pattern } from '@redis-messaging/shared/pattern';
import type { Service } from '@redis-messaging/shared/service';
import { Span } from '@redis-messaging/shared/span';
import { figure, milliseconds } from '@redis-messaging/shared/table';
import { neutralise } from '@redis-messaging/shared/text';

/** What one pattern's subscriber has seen, and its log lines. */
export class Tally {
  readonly log: Logger;
  readonly #service: Service;
  readonly #pattern: Pattern;
  readonly #topic: string;
  readonly #ledger: Ledger;
  readonly #latency = new Latency();
  readonly #observe: (micros: number) => void;
  readonly #span = new Span();
  readonly #lines: LineBudget;
  #deliveries = 0;
  #invalid = 0;

  constructor(service: Service, pattern: Pattern, topic: string) {
    this.log = service.log.child({ pattern: pattern.name });
    this.#service = service;
    this.#pattern = pattern;
    this.#topic = topic;
    this.#ledger = new Ledger(pattern.guarantees);
    this.#observe = service.metrics.latencyObserver(pattern.name);
    this.#lines = new LineBudget((lines) => this.#logSuppressed(lines), service.log.isLevelEnabled('debug'));
  }

  /** Books a message that was handled. Times in µs since 1970. */
  received(message: Message, madeAt: number, receivedAt: number): void {
    const { sender, count, id } = message;
    const kind = this.#ledger.receive({ sender, count, id, madeAt });
    const latency = receivedAt - madeAt;
    this.#latency.record(latency);
    this.#observe(latency);
    this.#span.mark(receivedAt);
    this.#deliveries++;
    if (this.#lines.take()) this.#logReceived(message, latency / 1000, kind);
  }

  /** Books a payload that is not a message. */
  invalid(delivery: Delivery, reason: string): void {
    this.#invalid++;
    if (!this.#lines.take()) return;
    const { label } = this.#pattern;
    const preview = neutralise(delivery.payload.toString('utf8', 0, 200), 60);
    this.log.warn(
      { event: 'invalid', reason, bytes: delivery.payload.length, preview },
      `Invalid message of ${figure(delivery.payload.length)} bytes (${reason}): ${preview} [${label}, invalid #${this.#invalid}]`,
    );
  }

  /** Keeps an invalid payload that could not be put among the dead letters. */
  unstored({ payload }: Delivery, reason: string): void {
    const bytes = payload.toString('base64');
    this.log.error(
      { event: 'undeliverable', reason },
      `Could not store a dead letter of ${this.#pattern.label} (${reason}); its bytes in base64: ${bytes}`,
    );
  }

  /** Books deliveries that were not handled before the end: given back to Redis, or lost. */
  released(unhandled: readonly Delivery[], kept: boolean): void {
    if (!kept) {
      for (const { payload } of unhandled) {
        const decoded = decode(payload);
        if (decoded.ok) this.#ledger.lose({ ...decoded.message, madeAt: decoded.madeAt });
      }
    }
    const what = `${figure(unhandled.length)} deliveries of ${this.#pattern.label} that were not handled`;
    const fate = kept ? `Gave back ${what}` : `Lost ${what}: this pattern cannot take them back`;
    this.log.info({ event: 'released', messages: unhandled.length, kept }, fate);
  }

  /** Says that the handler is too slow for what arrives. */
  overflowed(dropped: number): void {
    this.log.warn(
      { event: 'overflow', messages: dropped },
      `Falling behind: dropped ${figure(dropped)} deliveries of ${this.#pattern.label} that waited too long for the handler`,
    );
  }

  async figures(): Promise<SubscriberFigures> {
    return {
      ...this.#ledger.account(),
      invalid: this.#invalid,
      latencyMs: this.#latency.report(),
      backlog: await waitingIn(this.#service.redis, this.#pattern, this.#topic),
      ...this.#span.report(),
    };
  }

  /** Says what has not been said yet. */
  close(): void {
    this.#lines.flush();
  }

  #logReceived({ id, sender, count, message }: Message, latencyMs: number, kind: string): void {
    const received = this.#deliveries;
    const from = neutralise(sender, 60);
    const remark = kind === 'new' ? '' : `, ${kind}`;
    const fields = { event: 'received', id, sender: from, count, received, latencyMs, ...(remark && { kind }) };
    const shortId = id.slice(0, 8);
    this.log.info(
      fields,
      `[${from}] ${neutralise(message)} (ID ${shortId}) [${this.#pattern.label} #${received}, ${milliseconds(latencyMs)}${remark}]`,
    );
  }

  #logSuppressed(messages: number): void {
    this.log.info(
      { event: 'suppressed', messages },
      `… and ${figure(messages)} more by ${this.#pattern.label} (LOG_LEVEL=debug shows each)`,
    );
  }
}
