import type { Redis } from '@redis-messaging/shared/redis/client';
import { type Connection, connect } from '@redis-messaging/shared/redis/connection';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { redisServers } from '@redis-messaging/shared/service/redis-options';
import { type Environment, stringsOf } from '../../local/process/environment.ts';
import type { ServerProgram } from '../../local/redis/find-server.ts';
import { newPassword, type RedisServer, startRedisServer } from '../../local/redis/redis-server.ts';

/** A Redis to experiment with. */
export interface LabRedis extends AsyncDisposable {
  /** Environment variables that lead the services to it. */
  readonly env: Environment;
  /** A connection of the experiment's own. */
  readonly admin: Redis;
  /** Whether it ends with the run, so that the run's keys need not be removed. */
  readonly endsWithRun?: boolean;
}

/** A private Redis on loopback, with a password, that can be killed, and restarted with what it had on disk. */
export class OwnRedis implements LabRedis {
  readonly admin: Redis;
  readonly #connection: Connection;
  #server: RedisServer;

  private constructor(server: RedisServer, connection: Connection) {
    this.#server = server;
    this.#connection = connection;
    this.admin = connection.client;
  }

  /** @param settings further lines for its configuration */
  static async start(program: ServerProgram, settings: readonly string[], signal: AbortSignal): Promise<OwnRedis> {
    const server = await startRedisServer(program, { password: newPassword(), settings });
    try {
      return new OwnRedis(server, await adminOf(server.env, signal));
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get env(): Environment {
    return this.#server.env;
  }

  get port(): number {
    return this.#server.port;
  }

  async kill(): Promise<void> {
    process.kill(this.#server.pid, 'SIGKILL');
    await this.#server.ended;
  }

  async restart(): Promise<void> {
    this.#server = await this.#server.restart();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
    await this.#server.stop();
  }
}

/** The user's Redis, to which these variables lead. @throws if they are wrong, or it is unreachable, or refuses the connection */
export async function givenRedis(env: Environment, signal: AbortSignal): Promise<LabRedis> {
  const connection = await adminOf(env, signal);
  return {
    env,
    admin: connection.client,
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** A connection to the server that has a key, whichever that is at the time. @param key where each key has a server of its own */
export async function adminOf(env: Environment, signal: AbortSignal, key = ''): Promise<Connection> {
  return await connect(redisServers(loadConfig(stringsOf(env)), 'compare').optionsFor(key), {}, signal);
}
