import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ROOT, serviceCommand } from '../local/child.ts';
import type { Environment } from '../local/service-process.ts';
import type { CrowdReport } from './crowd-process.ts';

const PROGRAM = fileURLToPath(new URL('crowd-process.ts', import.meta.url));

/** Many subscribers of one topic, in a process of their own. */
export class Crowd implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Resolves when all of them have subscribed. */
  static async of(count: number, env: Environment): Promise<Crowd> {
    const own = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)]));
    const child = spawn(process.execPath, [...serviceCommand('subscriber').slice(0, -1), PROGRAM], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, COUNT: String(count), ...own },
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the crowd ended (${code})`)));
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => {});
    return new Crowd(child);
  }

  async report(): Promise<CrowdReport> {
    const answer = once(this.#process, 'message');
    this.#process.send('report');
    return (await answer)[0] as CrowdReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
