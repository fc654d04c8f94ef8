import { nowMicros } from '@redis-messaging/shared/accounting/clock';
import type { PublisherStats } from '@redis-messaging/shared/accounting/stats';
import { parseMicros } from '@redis-messaging/shared/message/timestamp';
import type { Pattern, Receipt } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { heldIn } from '@redis-messaging/shared/service/backlog';
import { LogLimiter } from '@redis-messaging/shared/service/log-limiter';
import type { Logger } from '@redis-messaging/shared/service/logger';
import type { Service } from '@redis-messaging/shared/service/service';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatNumber } from '@redis-messaging/shared/text/table';
import { Lane } from './buffered-producer.ts';
import type { Outgoing } from './outgoing.ts';

/** A lane with its log lines and figures. */
export class Outlet {
  readonly lane: Lane;
  readonly #redis: Redis;
  readonly #group: string;
  readonly #log: Logger;
  readonly #lines: LogLimiter;
  #firstAt: string | null = null;
  #lastAt: string | null = null;

  constructor({ config, log, redis }: Service, pattern: Pattern) {
    this.#redis = redis;
    this.#group = config.GROUP;
    this.#log = log.child({ pattern: pattern.name });
    this.#lines = new LogLimiter(log, (lines) => this.#logSuppressed(lines));
    this.lane = new Lane(pattern, redis, config.topics.get(pattern) as string, {
      limit: config.BUFFER_LIMIT,
      dedupeMs: Math.round(config.DEDUPE_TTL * 1000),
      onSent: (batch, receipt) => this.#logSent(batch, receipt),
      onTrouble: (trouble) => this.#logTrouble(trouble),
    });
  }

  async figures(): Promise<PublisherStats> {
    const { pattern, topic, published, refused, unconfirmed, retried, waiting, noSubscribers } = this.lane;
    return {
      published,
      refused,
      unconfirmed,
      retried,
      buffered: waiting,
      noSubscribers,
      ...(await heldIn(this.#redis, pattern, topic, this.#group)),
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
    };
  }

  /** Says what has not been said yet. */
  close(): void {
    this.#lines.flush();
  }

  #logSent(batch: readonly Outgoing[], receipt: Receipt): void {
    this.#firstAt ??= batch[0]?.message.timestamp ?? null;
    this.#lastAt = batch.at(-1)?.message.timestamp ?? null;
    for (const [index, outgoing] of batch.entries()) {
      if (this.#lines.take('info')) this.#logOne(outgoing, receipt[index] as number);
    }
  }

  #logOne({ message, lateMs }: Outgoing, reply: number): void {
    const { id, sender, count, timestamp } = message;
    const publishMs = (nowMicros() - (parseMicros(timestamp) as number)) / 1000;
    this.#log.info(
      { event: 'published', id, sender, count, reply, lateMs, publishMs },
      `${this.lane.pattern.sent(this.lane.topic, reply)}: ${sanitize(message.message)}`,
    );
  }

  #logSuppressed(messages: number): void {
    this.#log.info(
      { event: 'suppressed', messages },
      `… and ${formatNumber(messages)} more by ${this.lane.pattern.label} (LOG_LEVEL=debug shows each)`,
    );
  }

  #logTrouble(trouble: string | undefined): void {
    const { topic, pattern } = this.lane;
    const waits = formatNumber(this.lane.waiting);
    if (trouble)
      this.#log.warn(
        { event: 'refused', reason: trouble },
        `Cannot send to ${pattern.label} '${topic}': ${trouble}; ${waits} wait`,
      );
    else this.#log.info({ event: 'accepted' }, `Sending to ${pattern.label} '${topic}' again; ${waits} wait`);
  }
}
