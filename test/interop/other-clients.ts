import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { installFromDebian } from '../../local/process/debian.ts';
import { onPath } from '../../local/process/on-path.ts';
import { findServer } from '../../local/redis/find-server.ts';

const REDIS_PY = {
  name: 'python3-redis',
  packages: ['python3-redis'],
  program: 'usr/lib/python3/dist-packages/redis/__init__.py',
  choices: 'no redis-py: install the package python3-redis',
};
const SCRIPT = resolve(import.meta.dirname, 'client.py');

export type PatternName = 'pubsub' | 'queue' | 'stream';

/** A program of another language that speaks to Redis, with its own client. */
export interface OtherClient {
  /** Starts it so that it publishes a message with this text, and `sender` the name of the client. */
  send(port: number, pattern: PatternName, topic: string, text: string): Program;
  /** Starts it so that it waits for a message, and prints its payload. */
  receive(port: number, pattern: PatternName, topic: string): Program;
}

/** A program that runs. `await using` ends it. */
export class Program implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown[]>;

  constructor(path: string, words: readonly string[], env: NodeJS.ProcessEnv) {
    this.#process = spawn(path, words, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.lines.push(line),
    );
    this.#closed = once(this.#process, 'close');
  }

  /** Its exit code, once it has ended. */
  get ended(): Promise<unknown> {
    return this.#closed.then(([code]) => code);
  }

  async end(): Promise<void> {
    this.#process.kill();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

/** redis-cli from PATH, or next to the server that was unpacked: Debian's redis-server needs redis-tools, so it comes along. */
export async function redisCli(): Promise<OtherClient> {
  const server = await findServer(console.error);
  const path = onPath('redis-cli') ?? join(dirname(server.path), 'redis-cli');
  if (!existsSync(path))
    throw new Error('no redis-cli on PATH: install the package redis-tools (Debian, Ubuntu) or redis');
  const start = (port: number, ...words: string[]) => new Program(path, ['-p', `${port}`, ...words], server.env);
  return {
    send(port, pattern, topic, text) {
      const [id, timestamp] = ['550E8400-E29B-11D4-A716-446655440000', '2026-07-29T10:30:15+02:00'];
      const payload = JSON.stringify({ count: 1, sender: 'redis-cli', message: text, timestamp, id, more: [null] });
      if (pattern === 'pubsub') return start(port, 'PUBLISH', topic, payload);
      if (pattern === 'queue') return start(port, 'RPUSH', topic, payload);
      return start(port, 'XADD', topic, '*', 'payload', payload);
    },
    receive(port, pattern, topic) {
      if (pattern === 'pubsub') return start(port, 'SUBSCRIBE', topic);
      if (pattern === 'queue') return start(port, 'BLPOP', topic, '0');
      return start(port, 'XREAD', 'BLOCK', '0', 'STREAMS', topic, '0');
    },
  };
}

/** redis-py of the system's Python; else Debian's package of it, with a Python if there is none, unpacked into a folder of ours. */
export async function python(): Promise<OtherClient> {
  const { path, env } = await findPython();
  const start = (...words: (string | number)[]) => new Program(path, [SCRIPT, ...words.map(String)], env);
  return {
    send: (port, pattern, topic, text) => start(port, 'send', pattern, topic, text),
    receive: (port, pattern, topic) => start(port, 'receive', pattern, topic),
  };
}

async function findPython(): Promise<{ readonly path: string; readonly env: NodeJS.ProcessEnv }> {
  const system = ['/usr/bin/python3', onPath('python3')].find((candidate) => candidate && existsSync(candidate));
  if (system && hasRedis(system, {})) return { path: system, env: {} };
  const module = await installFromDebian(REDIS_PY, console.error);
  const root = module.path.slice(0, -REDIS_PY.program.length);
  const modules = { PYTHONPATH: dirname(dirname(module.path)) };
  const found = system
    ? { path: system, env: modules }
    : { path: join(root, 'usr/bin/python3'), env: { ...module.env, ...modules, PYTHONHOME: join(root, 'usr') } };
  if (!hasRedis(found.path, found.env)) throw new Error(`${found.path} cannot import redis: install python3-redis`);
  return found;
}

/** Asked from `/`: in the project's folder, Python takes our folder `redis` for a module. */
function hasRedis(path: string, env: NodeJS.ProcessEnv): boolean {
  const options = { cwd: '/', env: { ...process.env, ...env } };
  return spawnSync(path, ['-c', 'import redis; redis.Redis'], options).status === 0;
}
