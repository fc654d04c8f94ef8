import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ROOT, serviceCommand } from '../local/child.ts';
import { type Environment, stringsOf } from '../local/environment.ts';
import type { CrowdReport } from './crowd-process.ts';

const PROGRAM = fileURLToPath(new URL('crowd-process.ts', import.meta.url));

/** Many subscribers of one topic, in a process of their own. */
export class Crowd implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** A process that has nobody in it yet. */
  static async start(env: Environment): Promise<Crowd> {
    const own = stringsOf(env);
    const child = spawn(process.execPath, serviceCommand('subscriber', PROGRAM), {
      cwd: ROOT,
      env: { PATH: process.env.PATH, ...own },
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await answerOf(child);
    return new Crowd(child);
  }

  /** Resolves when so many have subscribed. */
  async growTo(count: number): Promise<void> {
    await answerOf(this.#process, count);
  }

  async report(): Promise<CrowdReport> {
    return (await answerOf(this.#process, 'report')) as CrowdReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}

/** Says something to a process, and waits for its answer. Throws if it ends instead. */
async function answerOf(child: ChildProcess, word?: string | number): Promise<unknown> {
  const over = new AbortController();
  const ended = once(child, 'exit', over).then(([code]) => Promise.reject(new Error(`the crowd ended (${code})`)));
  const answer = once(child, 'message', over);
  if (word !== undefined) child.send(word);
  try {
    return (await Promise.race([answer, ended]))[0];
  } finally {
    ended.catch(() => {});
    answer.catch(() => {});
    over.abort();
  }
}
