import type { ConnectionEvents } from '../redis/connection.ts';
import { sanitize } from '../text/sanitize.ts';
import type { Logger } from './logger.ts';

/** Whether all connections of a family stand; says so once for each change, not for each attempt. */
export class ConnectionLog implements ConnectionEvents {
  readonly #log: Logger;
  readonly #address: string;
  readonly #up = new Set<object>();
  readonly #down = new Set<object>();
  #everUp = false;
  #downSince: number | undefined;
  /** How often they were cut off and came back. */
  reconnects = 0;

  /** @param address where Redis is, without credentials */
  constructor(log: Logger, address: string) {
    this.#log = log;
    this.#address = address;
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
      this.#log.info({ event: 'connected', address: this.#address }, `Connected to Redis at ${this.#address}`);
    } else if (this.#downSince !== undefined) this.#cameBack(this.#downSince);
  }

  onDown(connection: object, reason: string): void {
    this.#up.delete(connection);
    this.#down.add(connection);
    if (this.#downSince !== undefined) return;
    this.#downSince = performance.now();
    const fields = { event: 'disconnected', address: this.#address, reason: sanitize(reason) };
    this.#log.warn(
      fields,
      this.#everUp
        ? `Lost the connection to Redis at ${this.#address} (${fields.reason}); retrying until it is back`
        : `Redis at ${this.#address} is unreachable (${fields.reason}); retrying until it is there`,
    );
  }

  onClosed(connection: object): void {
    this.#up.delete(connection);
    this.#down.delete(connection);
    if (this.isUp && this.#downSince !== undefined) this.#cameBack(this.#downSince);
  }

  #cameBack(since: number): void {
    this.#downSince = undefined;
    this.reconnects++;
    const seconds = (performance.now() - since) / 1000;
    this.#log.info(
      { event: 'reconnected', address: this.#address, afterSeconds: Number(seconds.toFixed(3)) },
      `Reconnected to Redis at ${this.#address} after ${seconds.toFixed(1)} s`,
    );
  }
}
