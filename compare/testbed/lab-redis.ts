import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis, RedisOptions } from '@redis-messaging/shared/redis/client';
import { type Connection, connect } from '@redis-messaging/shared/redis/connection';
import type { Environment } from '../../local/process/environment.ts';
import type { ServerProgram } from '../../local/redis/find-server.ts';
import { freePort, type RedisServer, startRedisServer } from '../../local/redis/redis-server.ts';

/** A Redis to experiment with. */
export interface LabRedis extends AsyncDisposable {
  /** Environment variables that lead the services to it. */
  readonly env: Environment;
  /** A connection of the experiment's own. */
  readonly admin: Redis;
  readonly port: number;
}

/** A private Redis on loopback that can be killed, and restarted with what it had on disk. */
export class OwnRedis implements LabRedis {
  readonly port: number;
  readonly admin: Redis;
  readonly #start: () => Promise<RedisServer>;
  readonly #folder: string;
  #server: RedisServer;
  readonly #connection: Connection;

  private constructor(
    port: number,
    folder: string,
    start: () => Promise<RedisServer>,
    server: RedisServer,
    connection: Connection,
  ) {
    this.port = port;
    this.#folder = folder;
    this.#start = start;
    this.#server = server;
    this.#connection = connection;
    this.admin = connection.client;
  }

  /** @param settings further lines for its configuration */
  static async start(program: ServerProgram, settings: readonly string[], signal: AbortSignal): Promise<OwnRedis> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'redis-compare-'));
    const start = () => startRedisServer(program, { port, settings: [`dir ${JSON.stringify(folder)}`, ...settings] });
    let server: RedisServer | undefined;
    try {
      server = await start();
      const connection = await adminOf({ socket: { host: '127.0.0.1', port } }, signal);
      return new OwnRedis(port, folder, start, server, connection);
    } catch (error) {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get env(): Environment {
    return { REDIS_HOST: '127.0.0.1', REDIS_PORT: this.port };
  }

  async kill(): Promise<void> {
    process.kill(this.#server.pid, 'SIGKILL');
    await this.#server.stop();
  }

  async restart(): Promise<void> {
    this.#server = await this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
    await this.#server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The user's Redis. @throws if it is unreachable, or refuses the connection */
export async function givenRedis(url: string, signal: AbortSignal): Promise<LabRedis> {
  const connection = await adminOf({ url }, signal);
  return {
    env: { REDIS_URL: url },
    admin: connection.client,
    port: Number(new URL(url).port || 6379),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

async function adminOf(options: Omit<RedisOptions, 'name'>, signal: AbortSignal): Promise<Connection> {
  return await connect({ ...options, name: 'compare' }, {}, signal);
}
