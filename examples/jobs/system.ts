import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { launch } from '../../local/process/launch.ts';
import { serviceCommand } from '../../local/process/node-command.ts';
import { type Address, type Front, startFront } from './front/front.ts';

/** An API process or a worker. */
export interface Part {
  readonly name: string;
  /** Where it listens, if it does. */
  readonly address: Address;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
  readonly process: ChildProcess;
}

/** How to run the system. */
export interface Settings {
  readonly redisUrl: string;
  /** The prefix of all keys in Redis. */
  readonly prefix: string;
  /** How long a video takes. */
  readonly seconds?: number | undefined;
  /** Where the front listens. */
  readonly listen?: Address;
  /** Called with each line that a part prints. */
  say(part: string, line: string): void;
}

const LOOPBACK: Address = { host: '127.0.0.1', port: 0 };

/** Two API processes behind one address, and any number of workers. They end with this process, however it ends. */
export class System implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #parts: Part[] = [];
  #workers = 0;
  readonly apis: readonly Part[];
  readonly front: Front;

  private constructor(settings: Settings, apis: readonly Part[], front: Front) {
    this.#settings = settings;
    this.#parts.push(...apis);
    this.apis = apis;
    this.front = front;
  }

  static async start(settings: Settings): Promise<System> {
    const apis = await Promise.all(['api-1', 'api-2'].map((name) => startPart('api/api.ts', name, settings)));
    try {
      const front = await startFront(
        apis.map(({ address }) => address),
        settings.listen ?? LOOPBACK,
      );
      return new System(settings, apis, front);
    } catch (error) {
      await Promise.all(apis.map(end));
      throw error;
    }
  }

  /** The address for browsers. */
  get url(): string {
    return `http://127.0.0.1:${this.front.port}`;
  }

  async startWorker(): Promise<Part> {
    const worker = await startPart('worker.ts', `worker-${++this.#workers}`, this.#settings);
    this.#parts.push(worker);
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.front.close();
    await Promise.all(this.#parts.map(end));
  }
}

async function startPart(program: 'api/api.ts' | 'worker.ts', name: string, settings: Settings): Promise<Part> {
  const { HOST: _, PORT: __, ...environment } = process.env; // those are the front's
  const launched = launch({
    command: serviceCommand('example', `examples/jobs/${program}`),
    env: {
      ...environment,
      REDIS_URL: settings.redisUrl,
      JOBS_PREFIX: settings.prefix,
      PART_NAME: name,
      JOB_SECONDS: settings.seconds,
    },
    onLine: (line) => settings.say(name, line),
  });
  const { process: child, exited: ended } = launched;
  const [message] = await Promise.race([
    once(child, 'message'),
    ended.then((how) => Promise.reject(new Error(`${name} ended with ${how} before it was ready`))),
  ]);
  return { name, process: child, ended, address: { host: LOOPBACK.host, port: message.port } };
}

/** Ends a part at once: the queue has all that it needs to go on. */
async function end({ process, ended }: Part): Promise<void> {
  process.kill('SIGKILL');
  await ended;
}
