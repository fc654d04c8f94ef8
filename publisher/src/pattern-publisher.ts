import { nowMicros } from '@redis-messaging/shared/accounting/clock';
import { Published } from '@redis-messaging/shared/accounting/sessions/published';
import type { PublisherStats } from '@redis-messaging/shared/accounting/stats';
import { parseMicros } from '@redis-messaging/shared/accounting/timestamp';
import type { Receipt } from '@redis-messaging/shared/delivery/delivery';
import type { Message } from '@redis-messaging/shared/message/message';
import type { ProducerObserver } from '@redis-messaging/shared/messaging/events';
import { SILENT } from '@redis-messaging/shared/messaging/logger';
import type { Topic } from '@redis-messaging/shared/messaging/messaging';
import type { AnyProducer } from '@redis-messaging/shared/messaging/partitions/partitioned-producer';
import type { SendFailure } from '@redis-messaging/shared/messaging/producer/send-error';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { heldIn } from '@redis-messaging/shared/service/account/backlog';
import { tellPublished } from '@redis-messaging/shared/service/account/published';
import { serverIdentity } from '@redis-messaging/shared/service/account/server-identity';
import { partitionCount } from '@redis-messaging/shared/service/config';
import { LogLimiter } from '@redis-messaging/shared/service/log-limiter';
import type { Logger } from '@redis-messaging/shared/service/logger';
import type { Service } from '@redis-messaging/shared/service/service';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatNumber } from '@redis-messaging/shared/text/table';
import { type OutgoingMessage, outgoingCodec, SESSION } from './outgoing.ts';

/** Publishes by one pattern: its producer, with a log line for each message, and stats. */
export class PatternPublisher implements ProducerObserver<OutgoingMessage> {
  readonly pattern: Pattern;
  readonly producer: AnyProducer<OutgoingMessage>;
  readonly #service: Service;
  readonly #topic: Topic<OutgoingMessage, never>;
  /** The topic's name, fit to be shown. */
  readonly #shownTopic: string;
  readonly #log: Logger;
  readonly #limiter: LogLimiter;
  readonly #published = new Published();
  readonly #endLooking: () => void;
  #firstAt: string | null = null;
  #lastAt: string | null = null;

  constructor(service: Service, pattern: Pattern) {
    const { config, log, messaging } = service;
    this.pattern = pattern;
    this.#service = service;
    this.#log = log.child({ pattern: pattern.name });
    this.#limiter = new LogLimiter(log, (lines) => this.#logSuppressed(lines));
    const name = config.topics.get(pattern) as string;
    this.#shownTopic = sanitize(name);
    const maxMessageBytes = config.MAX_MESSAGE_BYTES;
    const partitions = partitionCount(config, pattern);
    this.#topic = messaging.topic(name, { pattern, codec: outgoingCodec, maxMessageBytes, logger: SILENT, partitions });
    const dedupeTtlMs = Math.round(config.DEDUPE_TTL * 1000);
    const { BUFFER_LIMIT: bufferLimit, BUFFER_BYTES: bufferBytes, WAIT_REPLICAS: waitReplicas } = config;
    this.#endLooking = this.#lookWhoServes();
    this.producer = this.#topic.producer(
      { bufferLimit, bufferBytes, dedupeTtlMs, waitReplicas, onRefusal: 'retry' },
      this,
    );
  }

  /** @param isFinal whether nothing more is sent */
  async stats(isFinal = false): Promise<PublisherStats> {
    const { messaging, config, stop } = this.#service;
    const abandon = isFinal ? stop.abandon : undefined;
    const partitions = this.#topic.partitions.map((name) => ({ name, redis: messaging.connectionFor(name).client }));
    return {
      ...this.#counts,
      ...(await heldIn(partitions, this.pattern, config.GROUP, abandon)),
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
    };
  }

  /**
   * Tells subscribers, by Redis, what this publisher has made and what became of it, so that they can tell what is missing. What
   * Redis refuses is told the next time.
   */
  async tell(isClosed = false): Promise<void> {
    const { client } = this.#connection;
    const { made, buffered } = this.#counts;
    if (!client.isReady || made === 0) return;
    const told = this.#published.told(this.#service.config.SENDER, { made, buffered }, Date.now(), isClosed);
    await tellPublished(client, this.#topic.name, this.pattern.name, SESSION, told).catch(() => {});
  }

  /** Publishes a payload as it is. It counts as no message. */
  async publishRaw(payload: string): Promise<void> {
    const [partition] = this.#topic.partitions as [string, ...string[]];
    const { client } = this.#service.messaging.connectionFor(partition);
    await this.pattern.publish(client, partition, [payload]);
  }

  /** Says what has not been said yet. */
  async close(): Promise<void> {
    this.#limiter.flush();
    this.#endLooking();
    await this.tell(true);
  }

  accepted(batch: readonly OutgoingMessage[], receipt: Receipt): void {
    this.#firstAt ??= batch[0]?.message.timestamp ?? null;
    this.#lastAt = batch.at(-1)?.message.timestamp ?? null;
    for (const [index, message] of batch.entries()) {
      if (this.#limiter.take('info')) this.#logOne(message, receipt[index] as number);
    }
  }

  refused(batch: readonly OutgoingMessage[], failure: SendFailure): void {
    this.#published.refused(countsOf(batch));
    if (failure !== 'too-large') return; // all others are trouble, and said once
    for (const { message, payload } of batch) if (this.#limiter.take('warn')) this.#logTooLarge(message, payload);
  }

  unconfirmed(batch: readonly OutgoingMessage[]): void {
    this.#published.unconfirmed(countsOf(batch));
  }

  trouble(reason: string | undefined): void {
    const to = `${this.pattern.name} '${this.#shownTopic}'`;
    const buffered = formatNumber(this.producer.stats.buffered);
    if (reason === undefined) this.#log.info({ event: 'accepted' }, `Sending to ${to} again; ${buffered} buffered`);
    else {
      const fate = this.pattern.guarantees.keepsUnread ? '' : `; ${this.pattern.name} messages are dropped`;
      this.#log.warn({ event: 'refused', reason }, `Cannot send to ${to}: ${reason}${fate}, ${buffered} buffered`);
    }
  }

  /** A Redis that is another process than before may have lost what it had accepted. @returns ends it */
  #lookWhoServes(): () => void {
    const ends = this.#topic.partitions.map((partition) => {
      const connection = this.#service.messaging.connectionFor(partition);
      const look = async () => {
        const server = await serverIdentity(connection.client).catch(() => undefined); // nothing but a clue is missed
        if (server !== undefined) this.#published.servedBy(server, partition);
      };
      void look();
      return connection.onReady(() => void look());
    });
    return () => {
      for (const end of ends) end();
    };
  }

  get #connection() {
    return this.#service.messaging.connectionFor(this.#topic.name);
  }

  get #counts() {
    const { stats } = this.producer;
    return { made: stats.accepted + stats.refused + stats.unconfirmed + stats.buffered, ...stats };
  }

  #logOne({ message, lateMs }: OutgoingMessage, reply: number): void {
    const { id, sender, count, timestamp } = message;
    const publishMs = (nowMicros() - (parseMicros(timestamp) as number)) / 1000;
    this.#log.info(
      { event: 'published', id, sender, count, reply, lateMs, publishMs },
      `${this.pattern.sent(this.#shownTopic, reply)}: ${sanitize(message.message)}`,
    );
  }

  #logTooLarge({ id, count }: Message, payload: string): void {
    const bytes = Buffer.byteLength(payload);
    const most = formatNumber(this.#service.config.MAX_MESSAGE_BYTES);
    this.#log.warn(
      { event: 'too-large', id, count, bytes },
      `Message #${count} was not sent by ${this.pattern.name}: it has ${formatNumber(bytes)} bytes, and MAX_MESSAGE_BYTES is ${most}`,
    );
  }

  #logSuppressed(messages: number): void {
    this.#log.info(
      { event: 'suppressed', messages },
      `… and ${formatNumber(messages)} more by ${this.pattern.name} (LOG_LEVEL=debug shows each)`,
    );
  }
}

const countsOf = (batch: readonly OutgoingMessage[]): number[] => batch.map(({ message }) => message.count);
