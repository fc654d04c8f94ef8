import type { LocalRedis } from '../../redis/provide-redis.ts';
import { MOST_QUICK_DEATHS, QuickDeaths } from './quick-deaths.ts';

/**
 * With these, a private Redis that is killed has all that it had confirmed when it is started again: each command is in the file before
 * it is answered. Nothing is flushed to the disk: the file does not outlive this machine's run.
 */
export const KEEPING = ['appendonly yes', 'appendfsync no'];

/** Stops and starts a private Redis on purpose. */
export class RedisSwitch {
  #pid: number | undefined;
  #start: (() => void) | undefined;
  #started: Promise<void> | undefined;

  /** The process that serves now; `undefined` while there is none. */
  serving(pid: number | undefined): void {
    this.#pid = pid;
  }

  /** Stops it; it is not started again before `start`. @throws an Error if it does not run */
  stop(): void {
    if (this.#start) throw new Error('Redis is stopped already');
    if (this.#pid === undefined) throw new Error('Redis does not run');
    this.#started = new Promise((resolve) => {
      this.#start = resolve;
    });
    process.kill(this.#pid, 'SIGTERM');
  }

  /** Starts it again. @throws an Error if it was not stopped */
  start(): void {
    if (!this.#start) throw new Error('Redis was not stopped');
    this.#start();
    this.#start = this.#started = undefined;
  }

  /** Resolves when it may be started again; `undefined` if it was not stopped on purpose. */
  get wait(): Promise<void> | undefined {
    return this.#started;
  }
}

/**
 * Starts a private Redis again whenever it ends, until the signal aborts.
 * @param by how it is stopped on purpose
 * @returns the reason why it is not started again, once there is one; never resolves for a Redis that is the user's
 */
export async function keepRedis(
  redis: LocalRedis,
  signal: AbortSignal,
  say: (line: string) => void,
  by: RedisSwitch,
): Promise<string> {
  let { server } = redis;
  const deaths = new QuickDeaths();
  while (server) {
    const startedAt = performance.now();
    by.serving(server.pid);
    await server.ended;
    by.serving(undefined);
    if (signal.aborted) break;
    const endedAt = performance.now();
    if (by.wait) {
      say('Redis was stopped by the live page');
      await by.wait;
      if (signal.aborted) break;
      say('Redis is started by the live page');
    } else {
      if (deaths.areTooMany(endedAt - startedAt))
        return `Redis ended, ${MOST_QUICK_DEATHS} times in a row within seconds`;
      say('Redis ended; starting it again');
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
  return await new Promise(() => {});
}
