import { setTimeout as sleep } from 'node:timers/promises';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Environment } from '../local/process/environment.ts';
import { type Launched, launch } from '../local/process/launch.ts';
import { scriptCommand, serviceCommand } from '../local/process/node-command.ts';
import { peakMemoryOf } from '../testkit/peak-memory.ts';

/** No process may take longer, beside the time that it is measured for: ms. */
const TIMEOUT_MS = 180_000;
const LOOK_EVERY_MS = 20;
/** A subscriber that received nothing for this long has received everything that will arrive: ms. */
const SILENT_MS = 5000;

// biome-ignore lint/suspicious/noExplicitAny: stats of any kind
type Report = Record<string, any>;

/** A process that sends reports by IPC: objects with an `event`. It is killed if it runs too long. */
class BenchProcess {
  /** Its peak memory at its last report: MB; `undefined` where there is no /proc. */
  peakMemory: number | undefined;
  readonly #program: Launched;
  readonly #reports = new Map<string, Report>();

  /** @param measuredMs for how long it is measured, if that is known */
  constructor(command: readonly string[], env: Environment, measuredMs = 0) {
    this.#program = launch({
      command,
      env,
      timeoutMs: TIMEOUT_MS + measuredMs,
      onMessage: (report: Report) => {
        this.#reports.set(report.event, report);
        this.peakMemory = peakMemoryOf(this.#program.process.pid as number) ?? this.peakMemory;
      },
    });
  }

  get exited(): Promise<unknown> {
    return this.#program.exited;
  }

  /** Waits for the report of an event. @throws if the process ends before it */
  async report(event: string): Promise<Report> {
    while (!this.#reports.has(event)) {
      if (!this.#program.isRunning) throw new Error(`a process ended before "${event}"`);
      await sleep(LOOK_EVERY_MS);
    }
    return this.#reports.get(event) as Report;
  }

  /** The newest stats of a pattern. */
  stats(pattern: Pattern): Report {
    return (this.#reports.get('stopped') ?? this.#reports.get('progress'))?.patterns?.[pattern.name] ?? {};
  }

  /** Stops it in order, and waits for its end. */
  async stop(): Promise<void> {
    await this.#program.stop();
  }
}

/** One of the services as users run it, except that it writes no line per message (nor does the reference). */
export function startService(
  name: 'publisher' | 'subscriber',
  pattern: Pattern,
  port: number,
  env: Environment = {},
  measuredMs = 0,
): BenchProcess {
  const settings = { PATTERN: pattern.name, LOG_LEVEL: 'warn', REDIS_HOST: '127.0.0.1', REDIS_PORT: port };
  return new BenchProcess(serviceCommand(name), { ...settings, ...env }, measuredMs);
}

/** Both services with these patterns, until they are stopped; the subscriber is ready. @param measuredMs for how long they are measured */
export async function startServices(patterns: readonly Pattern[], port: number, env: Environment, measuredMs: number) {
  const together = { ...env, PATTERN: patterns.map(({ name }) => name).join() };
  const [first] = patterns as [Pattern];
  const subscriber = startService('subscriber', first, port, together, measuredMs);
  await subscriber.report('ready');
  const publisher = startService('publisher', first, port, together, measuredMs);
  return {
    async stop(): Promise<void> {
      await publisher.stop();
      await subscriber.stop();
    },
  };
}

/** A server of this project. @param measuredMs for how long it is measured */
export const startServer = (program: string, env: Environment, measuredMs: number): BenchProcess =>
  new BenchProcess(scriptCommand(program), env, measuredMs);

/** A script of this folder, with Node's defaults. */
export function startScript(script: string, args: readonly string[], port: number): BenchProcess {
  return new BenchProcess(scriptCommand(`bench/${script}`, ...args), { REDIS_PORT: port });
}

/** Waits until a subscriber has received this many messages, and stops it. Prints what is missing. @returns its stats */
export async function receiveAll(subscriber: BenchProcess, pattern: Pattern, messages: number): Promise<Report> {
  let received = -1;
  let changedAt = performance.now();
  while (received < messages && performance.now() - changedAt < SILENT_MS) {
    await sleep(LOOK_EVERY_MS);
    const now = subscriber.stats(pattern).received ?? 0;
    if (now !== received) changedAt = performance.now();
    received = now;
  }
  await subscriber.stop();
  if (received !== messages) console.error(`${pattern.name}: received ${received} of ${messages} messages`);
  return subscriber.stats(pattern);
}
