import type { ConnectionEvents } from '../redis/connection.ts';
import { LONGEST_RETRY_MS } from '../redis/new-client.ts';
import type { Refusal } from '../redis/refusals.ts';
import { sanitize } from '../text/sanitize.ts';
import type { Logger } from './logger.ts';
import { refusalLog } from './refusal-log.ts';

/** How often to say that Redis is still unreachable: ms. */
const STILL_EVERY_MS = 10_000;

/** Whether all connections of a family stand; says so once for each change, and while they do not every 10 s, not for each attempt. */
export class ConnectionLog implements ConnectionEvents {
  readonly #log: Logger;
  readonly #address: string;
  readonly #now: () => number;
  readonly #up = new Set<object>();
  readonly #down = new Set<object>();
  #everUp = false;
  #downSince: number | undefined;
  /** When it was said last that they do not stand. */
  #saidAt = 0;
  /** How often each connection has failed since they do not stand. */
  readonly #attempts = new Map<object, number>();
  readonly onRefused: (refusal: Refusal) => void;
  /** How often they were cut off and came back. */
  reconnects = 0;

  /** @param address where Redis is, without credentials @param now steady ms, for tests */
  constructor(log: Logger, address: string, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#address = address;
    this.#now = now;
    this.onRefused = refusalLog(log);
  }

  get isUp(): boolean {
    return this.#up.size > 0 && this.#down.size === 0;
  }

  onUp(connection: object): void {
    this.#up.add(connection);
    this.#down.delete(connection);
    if (!this.isUp) return;
    if (!this.#everUp) {
      this.#everUp = true;
      this.#downSince = undefined;
      this.#attempts.clear();
      this.#log.info({ event: 'connected', address: this.#address }, `Connected to Redis at ${this.#address}`);
    } else if (this.#downSince !== undefined) this.#cameBack(this.#downSince);
  }

  onDown(connection: object, reason: string): void {
    this.#up.delete(connection);
    this.#down.add(connection);
    const attempt = (this.#attempts.get(connection) ?? 0) + 1;
    this.#attempts.set(connection, attempt);
    if (this.#downSince === undefined) this.#wentDown(reason);
    else this.#stillDown(this.#downSince, attempt, reason);
  }

  onClosed(connection: object): void {
    this.#up.delete(connection);
    this.#down.delete(connection);
    if (this.isUp && this.#downSince !== undefined) this.#cameBack(this.#downSince);
  }

  #wentDown(reason: string): void {
    this.#downSince = this.#saidAt = this.#now();
    const fields = { event: 'disconnected', address: this.#address, reason: sanitize(reason) };
    this.#log.warn(
      fields,
      this.#everUp
        ? `Lost the connection to Redis at ${this.#address} (${fields.reason}); retrying until it is back`
        : `Redis at ${this.#address} is unreachable (${fields.reason}); retrying until it is there`,
    );
  }

  #stillDown(since: number, attempt: number, reason: string): void {
    if (this.#now() - this.#saidAt < STILL_EVERY_MS) return;
    this.#saidAt = this.#now();
    const seconds = Math.round((this.#now() - since) / 1000);
    const fields = { event: 'retrying', address: this.#address, reason: sanitize(reason), attempt, seconds };
    this.#log.warn(
      fields,
      `Redis at ${this.#address} is unreachable (${fields.reason}) for ${seconds} s; retrying (attempt ${attempt}, next within ${LONGEST_RETRY_MS / 1000} s)`,
    );
  }

  #cameBack(since: number): void {
    this.#downSince = undefined;
    this.#attempts.clear();
    this.reconnects++;
    const seconds = (this.#now() - since) / 1000;
    this.#log.info(
      { event: 'reconnected', address: this.#address, afterSeconds: Number(seconds.toFixed(3)) },
      `Reconnected to Redis at ${this.#address} after ${seconds.toFixed(1)} s`,
    );
  }
}
