import type { Delivery, FailFate } from '@redis-messaging/shared/delivery/delivery';
import type { Message } from '@redis-messaging/shared/message/message';
import { ENDS } from '@redis-messaging/shared/messaging/event-log';
import { LogLimiter } from '@redis-messaging/shared/service/log-limiter';
import type { Logger } from '@redis-messaging/shared/service/logger';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatDuration, formatNumber } from '@redis-messaging/shared/text/table';

/** More bytes of a payload than this are not written to the log. */
const LONGEST_IN_LOG = 1024 * 1024;

/** The log lines of one pattern's subscriber. Lines for single messages are limited. */
export class SubscriberLog {
  readonly #log: Logger;
  readonly #pattern: string;
  readonly #topic: string;
  readonly #limiter: LogLimiter;
  #unwritten: (() => void)[] = [];

  constructor(log: Logger, pattern: string, topic: string) {
    this.#log = log.child({ pattern });
    this.#pattern = pattern;
    this.#topic = topic;
    this.#limiter = new LogLimiter(log, (lines) => this.#suppressed(lines));
  }

  restored(received: number): void {
    this.#log.info(
      { event: 'restored', received },
      `Resumed stats of ${this.#pattern}: ${formatNumber(received)} received so far`,
    );
  }

  /** @param received its running number @param kind what the ledger says of it */
  received(
    { id, sender, count, message }: Message,
    delivery: Delivery,
    latencyMs: number,
    kind: string,
    received: number,
  ): void {
    if (!this.#limiter.take('info')) return;
    const { attempt, channel } = delivery;
    const from = sanitize(sender, 60);
    const remark = `${kind === 'new' ? '' : `, ${kind}`}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
    const via = channel && sanitize(channel, 60);
    const fields = {
      event: 'received',
      id,
      sender: from,
      count,
      received,
      latencyMs,
      attempt,
      ...(kind !== 'new' && { kind }),
      ...(via && { channel: via }),
    };
    const place = `[${this.#pattern}${via ? ` ${via}` : ''} #${received}, ${formatDuration(latencyMs)}${remark}]`;
    this.#writeSoon(fields, `[${from}] ${sanitize(message)} (ID ${id.slice(0, 8)}) ${place}`);
  }

  deduplicated({ id, sender, count, message }: Message, { attempt }: Delivery): void {
    if (!this.#limiter.take('info')) return;
    this.#log.info(
      { event: 'deduplicated', id, sender: sanitize(sender, 60), count, attempt },
      `Skipped duplicate: ${sanitize(message)} [${this.#pattern}, attempt ${attempt}]`,
    );
  }

  failed({ id, sender, count, message }: Message, reason: string, fate: FailFate): void {
    if (!this.#limiter.take('warn')) return;
    this.#log.warn(
      { event: 'failed', id, sender: sanitize(sender, 60), count, reason, fate },
      `Handler failed for ${sanitize(message)} (${sanitize(reason)}); ${ENDS[fate]} [${this.#pattern}]`,
    );
  }

  dead(payload: Buffer, reason: string): void {
    const preview = sanitize(payload.toString('utf8', 0, 200), 60);
    this.#log.warn({ event: 'dead', reason, preview }, `Dead-lettered by ${this.#pattern} (${reason}): ${preview}`);
  }

  missing(messages: number): void {
    this.#log.error(
      { event: 'missing', messages },
      `${formatNumber(messages)} messages of ${this.#pattern} are gone from Redis before they were acknowledged`,
    );
  }

  /** @param payload or its beginning @param bytes how many it has in all @param number the running number of invalid payloads */
  invalid(payload: Buffer, bytes: number, reason: string, number: number): void {
    if (!this.#limiter.take('warn')) return;
    const preview = sanitize(payload.toString('utf8', 0, 200), 60);
    this.#log.warn(
      { event: 'invalid', reason, bytes, preview },
      `Invalid message of ${formatNumber(bytes)} bytes (${reason}): ${preview} [${this.#pattern}, invalid #${number}]`,
    );
  }

  deadLettersRefused(reason: string | undefined): void {
    const what = `dead letters of ${this.#pattern}`;
    if (reason === undefined) this.#log.info({ event: 'accepted' }, `Storing ${what} again`);
    else
      this.#log.error(
        { event: 'refused', reason },
        `Cannot store ${what}: Redis refuses it (${sanitize(reason)}); retrying until it does not`,
      );
  }

  /** Keeps a payload that could not be put where it belongs, so that it is not lost. */
  undeliverable({ payload }: Delivery, reason: string): void {
    const bytes = payload.toString('base64', 0, LONGEST_IN_LOG);
    const cut = payload.length > LONGEST_IN_LOG ? ` (the first ${formatNumber(LONGEST_IN_LOG)} bytes)` : '';
    this.#log.error(
      { event: 'undeliverable', reason },
      `Could not store a payload of ${this.#pattern} (${reason}); its bytes in base64${cut}: ${bytes}`,
    );
  }

  overflow(messages: number): void {
    this.#log.warn(
      { event: 'overflow', messages },
      `Falling behind: dropped ${formatNumber(messages)} deliveries of ${this.#pattern} that waited too long for the handler`,
    );
  }

  leaseLost(messages: number): void {
    this.#log.warn(
      { event: 'lease-lost', messages },
      `${formatNumber(messages)} messages of ${this.#pattern} went to another subscriber while this process stood still`,
    );
  }

  unhandled(messages: number, fate: 'requeued' | 'kept' | 'lost'): void {
    const did = { requeued: 'Requeued', kept: 'Left in Redis', lost: 'Lost' }[fate];
    this.#log.info(
      { event: 'released', messages, kept: fate !== 'lost' },
      `${did} ${formatNumber(messages)} deliveries of ${this.#pattern} that were not handled before the end`,
    );
  }

  trouble(reason: string | undefined): void {
    const what = `${this.#pattern} '${sanitize(this.#topic)}'`;
    if (reason === undefined) this.#log.info({ event: 'accepted' }, `Reading ${what} again`);
    else
      this.#log.error(
        { event: 'refused', reason },
        `Cannot read ${what}: Redis refuses it (${sanitize(reason)}); retrying until it does not`,
      );
  }

  unsaved(reason: string): void {
    this.#log.warn(
      { event: 'unsaved', reason },
      `Cannot read or keep the stats of ${this.#pattern} in Redis (${sanitize(reason)}); stats will start again at a restart`,
    );
  }

  discarded(key: string, problems: readonly string[]): void {
    const shown = problems.slice(0, 3).join('; ') + (problems.length > 3 ? '; …' : '');
    const entries = problems.length === 1 ? 'an invalid entry' : `${formatNumber(problems.length)} invalid entries`;
    this.#log.warn(
      { event: 'discarded', key, problems: problems.length, reason: shown },
      `Discarded ${entries} of the stats of ${this.#pattern} in Redis, key '${sanitize(key)}': ${shown}. Their counts start again at 0, all others are kept`,
    );
  }

  /** Writes what has not been written yet: a crash after this does not take it from the log. */
  flush(): void {
    const lines = this.#unwritten;
    this.#unwritten = [];
    for (const write of lines) write();
  }

  /** Says what has not been said yet. */
  close(): void {
    this.flush();
    this.#limiter.flush();
  }

  /** Writing takes longer than receiving; so that no pattern waits for another's lines, they come after this turn. */
  #writeSoon(fields: object, text: string): void {
    if (this.#unwritten.push(() => this.#log.info(fields, text)) === 1) setImmediate(() => this.flush());
  }

  #suppressed(messages: number): void {
    const level = this.#log.isLevelEnabled('info') ? 'info' : 'warn';
    this.#log[level](
      { event: 'suppressed', messages },
      `… and ${formatNumber(messages)} more by ${this.#pattern} (LOG_LEVEL=debug shows each)`,
    );
  }
}
