import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../local/process/environment.ts';
import { type Launched, launch } from '../../local/process/launch.ts';
import { serviceCommand } from '../../local/process/node-command.ts';
import type { CrowdReport } from './subscriber-pool-process.ts';

const PROGRAM = fileURLToPath(new URL('subscriber-pool-process.ts', import.meta.url));

/** Time for an answer: ms. */
const PATIENCE_MS = 60_000;

/** Many subscribers of one topic, in a process of their own. What it is asked throws if there is no answer, or the signal aborts. */
export class Crowd implements AsyncDisposable {
  readonly #program: Launched;
  readonly #signal: AbortSignal;

  private constructor(program: Launched, signal: AbortSignal) {
    this.#program = program;
    this.#signal = signal;
  }

  /** A process that has nobody in it yet. */
  static async start(env: Environment, signal: AbortSignal): Promise<Crowd> {
    const crowd = new Crowd(launch({ command: serviceCommand('subscriber', PROGRAM), env }), signal);
    try {
      await crowd.#answer('ready');
    } catch (error) {
      await crowd[Symbol.asyncDispose]();
      throw error;
    }
    return crowd;
  }

  /** Resolves when so many have subscribed. */
  async growTo(count: number): Promise<void> {
    await this.#answer(`${count} subscribers`, count);
  }

  async report(): Promise<CrowdReport> {
    return (await this.#answer('what it received', 'report')) as CrowdReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  /** Says something to the process, and waits for its answer. */
  async #answer(what: string, word?: string | number): Promise<unknown> {
    const { process: child } = this.#program;
    const over = new AbortController();
    const { signal } = over;
    const limit = AbortSignal.any([this.#signal, signal, AbortSignal.timeout(PATIENCE_MS)]);
    const ended = once(child, 'exit', { signal }).then(([code]) =>
      Promise.reject(new Error(`the crowd ended (${code})`)),
    );
    const answer = once(child, 'message', { signal: limit });
    if (word !== undefined) child.send(word);
    try {
      return (await Promise.race([answer, ended]))[0];
    } catch (error) {
      this.#signal.throwIfAborted();
      if (limit.aborted) throw new Error(`no answer from the crowd within ${PATIENCE_MS / 1000} s (${what})`);
      throw error;
    } finally {
      ended.catch(() => {});
      answer.catch(() => {});
      over.abort();
    }
  }
}
