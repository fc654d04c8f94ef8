import type { Environment } from '../local/process/environment.ts';
import { type Launched, launch } from '../local/process/launch.ts';
import { builtCommand } from '../local/process/node-command.ts';
import type { Line, ServiceName } from '../testkit/service-process.ts';

/** How many lines of an instance are kept, for whoever asks why it ended. */
const KEPT_LINES = 30;
/** Twice as long as a service allows itself for its end: ms. */
const END_MS = 20_000;

/** One process that a service has been. */
export interface Instance {
  readonly pid: number;
  /** ms since 1970. */
  readonly startedAt: number;
  /** Whether it has said that it is ready. */
  isReady: boolean;
  /** The signal that we ended it with; not there as long as it is to run. */
  endedBy?: NodeJS.Signals;
  /** Its exit code, or the name of the signal that ended it; not there while it runs. */
  exit?: number | string;
  /** When it ended: ms since 1970. */
  endedAt?: number;
  /** The stats by pattern with which it ended in order. */
  // biome-ignore lint/suspicious/noExplicitAny: they are read from a log
  final?: Readonly<Record<string, any>>;
  /** How many lines said that a message was published. */
  published: number;
  /** The most memory that it ever had: bytes. */
  peakBytes: number;
  /** What its log shows of payloads that it could not decode: pattern, space, the beginning. */
  readonly invalid: string[];
  /** The same of payloads that it could not store before it had to end: its log has their bytes. */
  readonly undeliverable: string[];
  /** The patterns of which it said that Redis refused its account: a process that ends then takes a part of it along. */
  readonly unsaved: Set<string>;
  /** Whether another process has gone by its name at some time. */
  wasShared: boolean;
  /** The last lines of its log that are not about a single message. */
  readonly lines: string[];
}

/** A publisher or subscriber that is started again under its name whenever a fault has ended it. */
export class Service implements AsyncDisposable {
  readonly name: string;
  readonly role: ServiceName;
  readonly instances: Instance[] = [];
  readonly #env: Environment;
  readonly #onPublished: (line: Line) => void;
  #program: Launched | undefined;
  #isShared = false;

  /** @param onPublished told of each line of the log that says that Redis has accepted a message */
  constructor(role: ServiceName, name: string, env: Environment, onPublished: (line: Line) => void = () => {}) {
    this.role = role;
    this.name = name;
    this.#env = env;
    this.#onPublished = onPublished;
  }

  /** Whether another process may go by its name now. */
  get isShared(): boolean {
    return this.#isShared;
  }

  set isShared(isShared: boolean) {
    this.#isShared = isShared;
    const latest = this.instances.at(-1);
    if (isShared && latest) latest.wasShared = true;
  }

  get isRunning(): boolean {
    return this.#program?.isRunning ?? false;
  }

  /** Its latest process. */
  get current(): Instance {
    return this.instances.at(-1) as Instance;
  }

  /** Starts it, unless it runs. */
  start(): void {
    if (this.isRunning) return;
    const program = launch({
      command: builtCommand(this.role),
      env: {
        ...this.#env,
        REDIS_HOST: '127.0.0.1',
        LOG_FORMAT: 'json',
        LOG_LEVEL: this.role === 'publisher' ? 'debug' : 'info',
      },
      onLine: (line) => this.#read(instance, line),
      onMessage: ({ event }) => {
        if (event === 'ready') instance.isReady = true;
      },
    });
    const instance: Instance = {
      pid: program.process.pid as number,
      startedAt: Date.now(),
      isReady: false,
      published: 0,
      peakBytes: 0,
      wasShared: this.#isShared,
      invalid: [],
      undeliverable: [],
      unsaved: new Set(),
      lines: [],
    };
    this.instances.push(instance);
    this.#program = program;
    void program.exited.then((exit) => {
      instance.exit = exit;
      instance.endedAt = Date.now();
    });
  }

  /**
   * Sends a signal that ends it, and waits until it has ended; one that takes far too long is killed. One that is ending in order already
   * is only waited for: a second SIGTERM would end it at once.
   */
  async end(signal: NodeJS.Signals): Promise<void> {
    const program = this.#program;
    if (!program?.isRunning) return;
    // SIGKILL also comes in the middle of an orderly end.
    const isEnding = signal !== 'SIGKILL' && this.current.endedBy !== undefined;
    if (!isEnding) this.current.endedBy = signal;
    const timer = setTimeout(() => program.process.kill('SIGKILL'), END_MS);
    await (isEnding ? program.exited : program.stop(signal));
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }

  #read(instance: Instance, text: string): void {
    if (text.includes('"event":"received"')) return; // most lines; what was handled is known better from its handler
    const line = parsed(text);
    if (line?.event === 'published') {
      instance.published++;
      this.#onPublished(line);
      return;
    }
    if (line?.event === 'invalid') instance.invalid.push(`${line.pattern} ${line.preview}`);
    if (line?.event === 'undeliverable') instance.undeliverable.push(`${line.pattern} ${bytesIn(line)}`);
    if (line?.event === 'unsaved') instance.unsaved.add(line.pattern);
    if (line?.event === 'stopped') instance.final = line.patterns;
    if (line?.count !== undefined || line?.event === 'stats') return;
    instance.lines.push(text);
    if (instance.lines.length > KEPT_LINES) instance.lines.shift();
  }
}

/** A line of the log; `undefined` for what is not JSON, such as a warning of Node. */
function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The beginning of the payload that a line ends with, in base64. */
function bytesIn({ msg }: Line): string {
  const base64 = String(msg).split(': ').at(-1)?.slice(0, 400) ?? '';
  return Buffer.from(base64, 'base64').toString('utf8');
}
