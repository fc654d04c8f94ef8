import type { ChildProcess } from 'node:child_process';
import type { ServiceReport } from '@redis-messaging/shared/service/reporting';
import type { Environment } from '../local/process/environment.ts';
import { type Launched, launch } from '../local/process/launch.ts';
import { builtCommand } from '../local/process/node-command.ts';
import { until } from './until.ts';

/** A line of a service's log. */
// biome-ignore lint/suspicious/noExplicitAny: a log line may hold anything
export type Line = Record<string, any>;

/** How many of the last lines an error quotes. */
const LAST_LINES = 20;

export type ServiceName = 'publisher' | 'subscriber';

/** A service in a process of its own that is watched by its log. It ends with this process. */
export class ServiceProcess implements AsyncDisposable {
  readonly lines: Line[] = [];
  /** Lines that are not JSON, such as those on standard error. */
  readonly text: string[] = [];
  /** Whether it has reported that it is ready. */
  isReady = false;
  /** The stats of its last report. */
  progress: ServiceReport['patterns'] = {};
  readonly #program: Launched;

  /**
   * @param nodeArguments go before those of `npm run publisher` or `npm run subscriber`
   * @param command the service as it was built, or from source
   */
  constructor(
    name: ServiceName,
    env: Environment,
    nodeArguments: readonly string[] = [],
    command: (name: string) => string[] = builtCommand,
  ) {
    this.#program = launch({
      command: [...nodeArguments, ...command(name)],
      env: { LOG_FORMAT: 'json', REDIS_HOST: '127.0.0.1', ...env },
      onLine: (line) => this.#read(line),
      onMessage: (report: ServiceReport) => {
        if (report.event === 'ready') this.isReady = true;
        else this.progress = report.patterns;
      },
    });
  }

  get process(): ChildProcess {
    return this.#program.process;
  }

  get isRunning(): boolean {
    return this.#program.isRunning;
  }

  /** The exit code, or the name of the signal that ended it. */
  get exited(): Promise<number | string> {
    return this.#program.exited;
  }

  /** Sends a signal and waits for the end: the exit code, or the name of the signal that ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    return await this.#program.stop(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  /** The lines of one event, perhaps of one pattern. */
  events(event: string, pattern?: string): Line[] {
    return this.lines.filter((line) => line.event === event && (pattern === undefined || line.pattern === pattern));
  }

  /** Waits until the log has an event that meets a condition. @throws after `timeout` ms */
  async event(event: string, condition: (line: Line) => boolean = () => true, timeout?: number): Promise<Line> {
    const what = `"${event}" of ${this.process.spawnargs.at(-1)}`;
    try {
      return await until(what, () => this.lines.find((line) => line.event === event && condition(line)), timeout);
    } catch (error) {
      throw new Error(`${(error as Error).message}; ${this.#state()}`);
    }
  }

  /** @returns what waits for an event that the log has from now on */
  fromNow(): (event: string) => Promise<Line> {
    const { length } = this.lines;
    return async (event) => await this.event(event, (line) => this.lines.indexOf(line, length) >= 0);
  }

  /** The final stats of a pattern. */
  final(pattern: string): Line {
    return this.events('stopped').at(-1)?.patterns?.[pattern];
  }

  /** Its state, for the reader of a failed test: the last lines that are not about a single message. */
  #state(): string {
    const { exitCode, signalCode } = this.process;
    const state = this.isRunning ? 'it is running' : `it ended with ${exitCode ?? signalCode}`;
    const said = this.lines.filter((line) => line.count === undefined).slice(-LAST_LINES);
    return [
      `${state}; its last lines:`,
      ...said.map((line) => JSON.stringify(line)),
      ...this.text.slice(-LAST_LINES),
    ].join('\n');
  }

  #read(line: string): void {
    try {
      this.lines.push(JSON.parse(line));
    } catch {
      this.text.push(line);
    }
  }
}
