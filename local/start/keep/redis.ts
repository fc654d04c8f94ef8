import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisServer } from '../../redis/redis-server.ts';
import { MOST_QUICK_DEATHS, QuickDeaths } from './quick-deaths.ts';

/**
 * With these, a private Redis that is killed has all that it had confirmed when it is started again: each command is in the file before
 * it is answered. Nothing is flushed to the disk: the file does not outlive this machine's run.
 */
export const KEEPING = ['appendonly yes', 'appendfsync no'];

/** Stops, starts and kills a private Redis on purpose. */
export class RedisSwitch {
  readonly port: number;
  #pid: number | undefined;
  #killed: number | undefined;
  #start: (() => void) | undefined;
  #started: Promise<void> | undefined;

  constructor({ port }: Pick<RedisServer, 'port'>) {
    this.port = port;
  }

  /** The process that serves now; `undefined` while there is none. */
  serving(pid: number | undefined): void {
    this.#pid = pid;
  }

  /** Stops it; it is not started again before `start`, also if it is just away. @throws an Error if it is stopped already */
  stop(): void {
    if (this.#start) throw new Error('Redis is stopped already');
    this.#started = new Promise((resolve) => {
      this.#start = resolve;
    });
    if (this.#pid !== undefined) process.kill(this.#pid, 'SIGTERM');
  }

  /** Kills it; it is started again. @throws an Error if it does not run */
  kill(): void {
    if (this.#pid === undefined) throw new Error('Redis does not run');
    this.#killed = this.#pid;
    process.kill(this.#pid, 'SIGKILL');
  }

  /** Starts it again. @throws an Error if it was not stopped */
  start(): void {
    if (!this.#start) throw new Error('Redis was not stopped');
    this.#start();
    this.#start = this.#started = undefined;
  }

  /** Whether this process was killed on purpose, which may be done often. */
  hasKilled(pid: number): boolean {
    return this.#killed === pid;
  }

  /** Resolves when it may be started again; `undefined` if it was not stopped on purpose. */
  get wait(): Promise<void> | undefined {
    return this.#started;
  }
}

export interface KeepRedisOptions {
  /** How it is stopped on purpose. */
  readonly by?: RedisSwitch;
  /** How long it stays away: ms. */
  readonly delayMs?: number;
}

/**
 * Starts a private Redis again whenever it ends, until the signal aborts.
 * @returns the reason why it is not started again, once there is one
 */
export async function keepRedis(
  started: RedisServer,
  signal: AbortSignal,
  say: (line: string) => void,
  { by = new RedisSwitch(started), delayMs = 0 }: KeepRedisOptions = {},
): Promise<string> {
  let server = started;
  const deaths = new QuickDeaths();
  for (;;) {
    const startedAt = performance.now();
    by.serving(server.pid);
    await server.ended;
    by.serving(undefined);
    if (signal.aborted) return await never();
    const endedAt = performance.now();
    if (by.wait) {
      say('Redis was stopped by the live page');
      await by.wait;
      if (signal.aborted) return await never();
      say('Redis is started by the live page');
    } else {
      if (!by.hasKilled(server.pid) && deaths.areTooMany(endedAt - startedAt))
        return `Redis ended, ${MOST_QUICK_DEATHS} times in a row within seconds`;
      say(
        delayMs > 0
          ? `A server of the Cluster ended; starting it again in ${delayMs / 1000} s`
          : 'Redis ended; starting it again',
      );
      await sleep(delayMs, undefined, { ref: false });
      await by.wait; // it may have been stopped meanwhile
      if (signal.aborted) return await never();
    }
    try {
      server = await server.restart();
    } catch (error) {
      return (error as Error).message;
    }
    const keys = await server.countKeys();
    const seconds = ((performance.now() - endedAt) / 1000).toFixed(1);
    const kept = `what it had confirmed came back from its append-only file${keys === undefined ? '' : ` (${keys} keys now)`}`;
    say(
      `Redis is back (process ${server.pid}) on port ${server.port} after ${seconds} s; ${kept}, the rest may be lost`,
    );
  }
}

const never = () => new Promise<never>(() => {});
