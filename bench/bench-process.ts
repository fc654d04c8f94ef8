import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Environment } from '../local/process/environment.ts';
import { type Launched, launch } from '../local/process/launch.ts';
import { scriptCommand, serviceCommand } from '../local/process/node-command.ts';

/** Nothing that is measured may take longer: ms. */
const LONGEST = 180_000;
const LOOK_EVERY_MS = 20;
/** A subscriber that got nothing for so long (ms) has all that comes. */
const SILENT_MS = 2000;

// biome-ignore lint/suspicious/noExplicitAny: figures of any kind
type Report = Record<string, any>;

/** A process that says by IPC how things stand: objects with an `event`. It is killed if it lives too long. */
class BenchProcess {
  /** The most memory that it has held when it last reported: MB; `undefined` where there is no /proc. */
  peakMemory: number | undefined;
  readonly #program: Launched;
  readonly #reports = new Map<string, Report>();

  constructor(command: readonly string[], env: Environment) {
    this.#program = launch({
      command,
      env,
      timeoutMs: LONGEST,
      onMessage: (report: Report) => {
        this.#reports.set(report.event, report);
        this.peakMemory = peakMemoryOf(this.#program.process.pid as number) ?? this.peakMemory;
      },
    });
  }

  get exited(): Promise<unknown> {
    return this.#program.exited;
  }

  /** Waits for the report of an event. */
  async says(event: string): Promise<Report> {
    while (!this.#reports.has(event)) {
      if (!this.#program.isRunning) throw new Error(`a process ended before "${event}"`);
      await sleep(LOOK_EVERY_MS);
    }
    return this.#reports.get(event) as Report;
  }

  /** The newest figures of a pattern. */
  figures(pattern: Pattern): Report {
    return (this.#reports.get('stopped') ?? this.#reports.get('progress'))?.patterns?.[pattern.name] ?? {};
  }

  /** Ends it in order and waits until it has. */
  async stop(): Promise<void> {
    await this.#program.stop();
  }
}

/** One of the services as users run it, except that it writes no line for each message (nor does what it is compared to). */
export function startService(
  name: 'publisher' | 'subscriber',
  pattern: Pattern,
  port: number,
  env: Environment = {},
): BenchProcess {
  const settings = { PATTERN: pattern.name, LOG_LEVEL: 'warn', REDIS_HOST: '127.0.0.1', REDIS_PORT: port };
  return new BenchProcess(serviceCommand(name), { ...settings, ...env });
}

/** A script of this folder, with Node's defaults. */
export function startScript(script: string, args: readonly string[], port: number): BenchProcess {
  return new BenchProcess(scriptCommand(`bench/${script}`, ...args), { REDIS_PORT: port });
}

/** Waits until a subscriber has received so many messages, and stops it. @returns its figures; says what is missing */
export async function receiveAll(subscriber: BenchProcess, pattern: Pattern, messages: number): Promise<Report> {
  let received = -1;
  let changedAt = performance.now();
  while (received < messages && performance.now() - changedAt < SILENT_MS) {
    await sleep(LOOK_EVERY_MS);
    const now = subscriber.figures(pattern).received ?? 0;
    if (now !== received) changedAt = performance.now();
    received = now;
  }
  await subscriber.stop();
  if (received !== messages) console.error(`${pattern.name}: received ${received} of ${messages} messages`);
  return subscriber.figures(pattern);
}

function peakMemoryOf(pid: number): number | undefined {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}
