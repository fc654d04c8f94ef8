import { setTimeout as sleep } from 'node:timers/promises';
import { Arrivals } from './arrivals.ts';
import type { Redis } from './client.ts';

const CHECK_EVERY_MS = 250;
const PING_EVERY_MS = 1000;
/** A connection that has not answered a PING for this long is dead: noticed within 5 s, whatever TCP believes. */
const SILENCE_MS = 3000;
/** How long authentication and resubscription may take after the connection stands. */
const HANDSHAKE_MS = 1000;
const NO_HANDSHAKE = 'no answer to the handshake';
/** Time for an abandoned connection attempt to end before the next begins. */
const SETTLE_MS = 20;

/** Whether an attempt to connect ended because nothing came back: Redis, or this process, may only be slow. */
export const isSilence = (reason: string): boolean => reason === NO_HANDSHAKE || reason === 'Connection timeout';

/**
 * Finds half-open connections, on which nothing fails and nothing comes back: sends a PING now and then, and when none
 * is answered and nothing else arrives for `SILENCE_MS`, breaks the connection, so that the client makes a new one and what was under way fails.
 * (The client's own `socketTimeout` does not notice while something is being written.)
 */
export class Watchdog {
  readonly #redis: Redis;
  readonly #onDead: (reason: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #arrivals: Arrivals;
  #waitingSince: number | undefined;
  #heard = false;
  #lastCheck = performance.now();
  #lastPing = 0;
  /** When something arrived last, or a little earlier, but not later: steady ms. */
  answeredAt = performance.now();
  #stopped = false;

  /** @param onDead called with the reason before a connection is broken */
  constructor(redis: Redis, onDead: (reason: string) => void) {
    this.#redis = redis;
    this.#onDead = onDead;
    this.#arrivals = new Arrivals(redis);
    const settled = () => this.#settled();
    redis.on('connect', () => {
      this.#waitingSince = performance.now();
    });
    redis.on('ready', settled);
    redis.on('error', settled); // the client itself has noticed, and makes a new connection
    this.#timer = setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#timer.unref();
  }

  /** Something arrived. */
  signOfLife(): void {
    this.#heard = true;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #settled(): void {
    this.#waitingSince = undefined;
  }

  #check(): void {
    const now = performance.now();
    const before = this.#lastCheck;
    const late = now - before - CHECK_EVERY_MS;
    this.#lastCheck = now;
    const haveBytesCome = this.#arrivals.any();
    const hasHeard = this.#heard || haveBytesCome;
    this.#heard = false;
    if (hasHeard) this.answeredAt = Math.max(this.answeredAt, before);
    if (this.#waitingSince === undefined) {
      this.#ping(now);
      return;
    }
    if (hasHeard) this.#waitingSince = now;
    // When this process itself stood still, answers may lie unread: the time does not count.
    if (late > 0) this.#waitingSince += late;
    if (now - this.#waitingSince > (this.#redis.isReady ? SILENCE_MS : HANDSHAKE_MS)) void this.#reconnect();
  }

  #ping(now: number): void {
    if (!this.#redis.isReady || now - this.#lastPing < PING_EVERY_MS) return;
    this.#lastPing = now;
    this.#waitingSince = now;
    const settled = () => this.#settled();
    this.#redis.ping().then(() => {
      this.answeredAt = Math.max(this.answeredAt, this.#lastPing);
      settled();
    }, settled);
  }

  async #reconnect(): Promise<void> {
    this.#onDead(this.#redis.isReady ? `no answer for ${SILENCE_MS / 1000} s` : NO_HANDSHAKE);
    this.#settled();
    this.#redis.destroy();
    await sleep(SETTLE_MS);
    if (!this.#stopped && !this.#redis.isOpen) this.#redis.connect().catch(() => {});
  }
}
