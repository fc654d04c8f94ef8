import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { timeLimit } from '@redis-messaging/shared/messaging/time-limit';
import type { Environment } from '../../../local/process/environment.ts';
import { type Launched, launch } from '../../../local/process/launch.ts';
import { serviceCommand } from '../../../local/process/node-command.ts';
import type { PoolReport } from './subscriber-pool-process.ts';

const PROGRAM = fileURLToPath(new URL('subscriber-pool-process.ts', import.meta.url));

const ANSWER_TIMEOUT_MS = 60_000;

/** Many subscribers of one topic, in a process of their own. Every call throws if there is no answer within a minute, or the signal aborts. */
export class SubscriberPool implements AsyncDisposable {
  readonly #program: Launched;
  readonly #signal: AbortSignal;
  #size = 0;

  private constructor(program: Launched, signal: AbortSignal) {
    this.#program = program;
    this.#signal = signal;
  }

  /** A process without any subscriber yet. */
  static async start(env: Environment, signal: AbortSignal): Promise<SubscriberPool> {
    const pool = new SubscriberPool(launch({ command: serviceCommand('subscriber', PROGRAM), env }), signal);
    try {
      await pool.#answer('ready');
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
    return pool;
  }

  /** Resolves when this many have subscribed. */
  async growTo(count: number): Promise<void> {
    await this.#answer(`${count} subscribers`, count);
    this.#size = count;
  }

  /** How many have subscribed. */
  get size(): number {
    return this.#size;
  }

  /** What all of them have received so far; latencies are those since the last report. */
  async report(): Promise<PoolReport> {
    return (await this.#answer('what it received', 'report')) as PoolReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  /** Sends something to the process, and waits for its answer. */
  async #answer(what: string, word?: string | number): Promise<unknown> {
    const { process: child } = this.#program;
    const over = new AbortController();
    const { signal } = over;
    const limit = timeLimit(ANSWER_TIMEOUT_MS, this.#signal, signal);
    const ended = once(child, 'exit', { signal }).then(([code]) =>
      Promise.reject(new Error(`the subscriber pool ended (${code})`)),
    );
    const answer = once(child, 'message', { signal: limit });
    if (word !== undefined) child.send(word);
    try {
      return (await Promise.race([answer, ended]))[0];
    } catch (error) {
      this.#signal.throwIfAborted();
      if (limit.aborted)
        throw new Error(`no answer from the subscriber pool within ${ANSWER_TIMEOUT_MS / 1000} s (${what})`);
      throw error;
    } finally {
      ended.catch(() => {});
      answer.catch(() => {});
      over.abort();
    }
  }
}
