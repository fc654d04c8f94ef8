import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from './connection.ts';

const CHECK_EVERY_MS = 250;
const PING_EVERY_MS = 1000;
/** A connection that has not answered a PING for so long is dead: noticed within 5 s, whatever TCP believes. */
const SILENCE_MS = 3000;
/** How long authentication and resubscription may take after the connection stands. */
const HANDSHAKE_MS = 1000;
/** Time for an abandoned connection attempt to end before the next begins. */
const SETTLE_MS = 20;

const signsOfLife = new WeakMap<Redis, () => void>();

/**
 * Tells the watchdog that something arrived on a connection: on a busy subscription, answers to PING come behind a lot of
 * messages. Cheap enough for every message.
 */
export function lifeSign(redis: Redis): () => void {
  return signsOfLife.get(redis) ?? (() => {});
}

/**
 * Finds half-open connections, on which nothing fails and nothing comes back: sends a PING now and then, and when none
 * is answered for `SILENCE_MS`, breaks the connection, so that the client makes a new one and what was under way fails.
 * (The client's own `socketTimeout` does not notice while something is being written.)
 *
 * @param onDead called with the reason before a connection is broken
 * @returns ends the watch
 */
export function watch(redis: Redis, onDead: (reason: string) => void): () => void {
  let waitingSince: number | undefined;
  let heard = false;
  let lastCheck = performance.now();
  let lastPing = 0;
  let stopped = false;

  const settled = () => {
    waitingSince = undefined;
  };
  redis.on('connect', () => {
    waitingSince = performance.now();
  });
  redis.on('ready', settled);
  redis.on('error', settled); // the client itself has noticed, and makes a new connection
  signsOfLife.set(redis, () => {
    heard = true;
  });

  function check(): void {
    const now = performance.now();
    const late = now - lastCheck - CHECK_EVERY_MS;
    lastCheck = now;
    if (waitingSince === undefined) {
      ping(now);
      return;
    }
    if (heard) waitingSince = now;
    heard = false;
    // When this process itself stood still, answers may lie unread: the time does not count.
    if (late > 0) waitingSince += late;
    if (now - waitingSince > (redis.isReady ? SILENCE_MS : HANDSHAKE_MS)) void reconnect();
  }

  function ping(now: number): void {
    if (!redis.isReady || now - lastPing < PING_EVERY_MS) return;
    lastPing = now;
    waitingSince = now;
    redis.ping().then(settled, settled);
  }

  async function reconnect(): Promise<void> {
    onDead(redis.isReady ? `no answer for ${SILENCE_MS / 1000} s` : 'no answer to the handshake');
    settled();
    redis.destroy();
    await sleep(SETTLE_MS);
    if (!stopped && !redis.isOpen) redis.connect().catch(() => {});
  }

  const timer = setInterval(check, CHECK_EVERY_MS);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
