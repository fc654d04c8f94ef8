import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Connection } from '@redis-messaging/shared/redis/connection';
import { stringsOf } from '../../../local/process/environment.ts';
import { ROOT, serviceCommand } from '../../../local/process/node-command.ts';
import { until } from '../../../testkit/until.ts';
import { connectTo } from '../../support/redis.ts';

/** It installs, builds and starts all within this time, also on a busy machine: ms. */
const SAYS_TIMEOUT_MS = 60_000;
/** So many are shown when a test fails. */
const LAST_LINES = 20;

/** `npm start` as a user starts it, or the process that npm runs then. */
export class Start implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly process: ChildProcess;
  readonly exited: Promise<number>;

  /** @param env besides PATH and HOME; without a page, unless it says otherwise @param cwd the folder of the project */
  constructor(
    env: Record<string, string | number> = {},
    command = 'npm',
    args: readonly string[] = ['start'],
    cwd: string | URL = ROOT,
  ) {
    const own = stringsOf({ DASHBOARD_PORT: 0, ...env });
    this.process = spawn(command, args, {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...own },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    this.exited = once(this.process, 'close').then(([code]) => code);
  }

  async says(text: string): Promise<string> {
    try {
      return await until(`"${text}"`, () => this.lines.find((line) => line.includes(text)), SAYS_TIMEOUT_MS);
    } catch (error) {
      throw new Error([`${(error as Error).message}; its last lines:`, ...this.lines.slice(-LAST_LINES)].join('\n'));
    }
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    await this.exited;
  }

  /** The port of the private Redis. */
  async redisPort(): Promise<number> {
    return Number(/127\.0\.0\.1:(\d+)/.exec(await this.says('a private one on'))?.[1]);
  }

  /** The password of the private Redis, from the file that it names. */
  async redisPassword(): Promise<string> {
    const [, file = ''] = /\$\(cat ([^)]+)\)/.exec(await this.says('REDISCLI_AUTH=')) ?? [];
    return readFileSync(file, 'utf8').trim();
  }

  /** A connection to the private Redis. `await using` closes it. */
  async connect(): Promise<Connection> {
    return await connectTo(await this.redisPort(), {}, { password: await this.redisPassword() });
  }
}

/** The process itself, without npm. */
export const startItself = (env?: Record<string, string | number>, args: readonly string[] = []): Start =>
  new Start(env, process.execPath, [...serviceCommand('start'), ...args]);

/** Whether nothing listens on a port. */
export async function refusesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = once(socket, 'connect').then(Boolean, () => false);
  return !(await connected.finally(() => socket.destroy()));
}
