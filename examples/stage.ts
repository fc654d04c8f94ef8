import type { Redis } from '@redis-messaging/shared/redis/client';
import { type Connection, connect } from '@redis-messaging/shared/redis/connection';
import { addressOf, type RedisOptions, usesTls } from '@redis-messaging/shared/redis/options';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { redisAddress, redisOptions } from '@redis-messaging/shared/service/redis-options';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { printLine } from '../local/process/print-line.ts';
import { type LocalRedis, provideRedis } from '../local/redis/provide-redis.ts';
import { until } from '../testkit/until.ts';
import type { Scene } from './example.ts';

const LONGEST_LINE = 1000;

/** What an example runs on: a Redis as `npm start` would provide it, connections to it, and keys that are removed at the end. */
export class Stage implements Scene, AsyncDisposable {
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly redisUrl: string;
  readonly redis: RedisOptions;
  readonly redisVariables: string;
  readonly #local: LocalRedis;
  readonly #connections: Connection[] = [];
  readonly #keys: string[] = [];

  private constructor(args: readonly string[], signal: AbortSignal, redis: LocalRedis) {
    this.args = args;
    this.signal = signal;
    this.#local = redis;
    this.redis = redisOptions(loadConfig({ ...process.env, ...redis.env }), 'example');
    this.redisUrl = urlOf(this.redis);
    this.redisVariables = redis.servers.length > 0 ? wordsOf(redis.env) : `REDIS_URL=${withoutPassword(this.redisUrl)}`;
  }

  /** @throws a ConfigError if the environment has mistakes; an Error if there is no Redis */
  static async open(args: readonly string[], signal: AbortSignal): Promise<Stage> {
    const config = loadConfig();
    return new Stage(args, signal, await provideRedis({ ...config, address: redisAddress(config) }, warn));
  }

  readonly connect = async (name: string): Promise<Redis> => {
    let isDown = false;
    const events = {
      onUp: () => {
        isDown = false;
      },
      onDown: (_connection: object, reason: string) => {
        if (!isDown) warn(`Redis: no connection for ${name} (${reason}); retrying`);
        isDown = true;
      },
    };
    const connection = await connect({ ...this.redis, name: `example:${name}` }, events, this.signal);
    this.#connections.push(connection);
    return connection.client;
  };

  readonly own = async (...keys: string[]): Promise<void> => {
    const redis = this.#connections[0]?.client ?? (await this.connect('keys'));
    for (const name of keys) {
      for await (const key of keysOf(redis, name))
        throw new Error(`Redis has a key "${key}" already, and it may be yours: remove it, or use another Redis`);
    }
    this.#keys.push(...keys);
  };

  readonly until = async <Value>(what: string, probe: () => Value | Promise<Value>): Promise<NonNullable<Value>> =>
    await until(what, probe, undefined, this.signal);

  readonly say = (who: string, line: string): void => printLine(who, sanitize(line, LONGEST_LINE));

  /** Closes every connection, so that whatever still waits for a reply fails. */
  clear(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#keys.length > 0) await this.#removeKeys();
    for (const connection of this.#connections) await connection.close();
    await this.#local.stop();
  }

  /** By a connection of its own, which cannot be blocked; not at all if Redis is unreachable. */
  async #removeKeys(): Promise<void> {
    const timeout = AbortSignal.timeout(5000);
    try {
      const keeper = await connect({ ...this.redis, name: 'example:keeper' }, {}, timeout);
      for (const name of this.#keys)
        for await (const key of keysOf(keeper.client, name)) await keeper.client.unlink(key);
      await keeper.close();
    } catch {
      warn(`Redis is unreachable, so these keys may be left in it: ${this.#keys.join(', ')}`);
    }
  }
}

/** The keys of a name: one or none, or, with `*` at its end, all with that prefix. */
async function* keysOf(redis: Redis, name: string): AsyncGenerator<string> {
  if (!name.endsWith('*')) {
    if ((await redis.exists(name)) > 0) yield name;
  } else for await (const keys of redis.scanIterator({ MATCH: name, COUNT: 1000 })) yield* keys;
}

function warn(line: string): void {
  process.stderr.write(`${line}\n`);
}

const wordsOf = (env: NodeJS.ProcessEnv): string =>
  Object.entries(env)
    .flatMap(([name, value]) => (value ? [`${name}=${value}`] : []))
    .join(' ');

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password &&= '...';
  return shown.href;
}

/** The URL of Redis, with the credentials that were given beside it. */
function urlOf(options: RedisOptions): string {
  const { url, username = '', password = '' } = options;
  const complete = new URL(url ?? `${usesTls(options) ? 'rediss' : 'redis'}://${addressOf(options)}`);
  complete.username ||= encodeURIComponent(username);
  complete.password ||= encodeURIComponent(password);
  return complete.href;
}
