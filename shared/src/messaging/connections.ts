import type { Redis } from '../redis/client.ts';
import { Connection } from '../redis/connection.ts';
import { addressOf, type RedisOptions } from '../redis/options.ts';
import type { ClusterOptions } from '../redis/servers/cluster.ts';
import { type AnySentinel, isSentinel, optionsOf, type SentinelOptions } from '../redis/servers/sentinel.ts';
import { serversOf } from '../redis/servers/servers-of.ts';
import { ConnectionLog } from './connection-log.ts';
import type { Logger } from './logger.ts';

/** A client of node-redis for one server, whatever its modules and its version of the protocol. */
export type AnyClient = Pick<Redis, 'isOpen' | 'isReady'> & { duplicate(...overrides: never[]): unknown };

/** A client of node-redis for a Cluster. */
export type AnyCluster = { readonly _options: ClusterOptions };

/** How to reach Redis. */
export type RedisSource = RedisOptions | SentinelOptions | ClusterOptions | AnyClient | AnySentinel | AnyCluster;

interface Opened {
  readonly connection: Connection;
  opening?: Promise<void>;
}

/** The connections that commands go through: one for all topics; of a Cluster, one for each. */
export class Connections {
  readonly #log: ConnectionLog;
  readonly #create: (topic: string) => Connection;
  readonly #isCluster: boolean;
  readonly #byTopic = new Map<string, Opened>();
  readonly #stop = new AbortController();

  /** @throws TypeError if `redis` is a client that is not connected */
  constructor(redis: RedisSource, logger: Logger) {
    if (isOneClient(redis)) {
      if (!redis.isOpen)
        throw new TypeError('createMessaging: the client is not connected; call `await client.connect()` first');
      const client = redis as unknown as Redis;
      this.#log = new ConnectionLog(logger, addressOf((client.options ?? {}) as RedisOptions));
      this.#create = () => Connection.of(client, this.#log);
      this.#isCluster = false;
      return;
    }
    const servers = serversOf(optionsIn(redis));
    this.#log = new ConnectionLog(logger, servers.address);
    this.#isCluster = servers.isCluster;
    this.#create = (topic) => {
      const options = servers.optionsFor(topic);
      return Connection.create(options, this.#log, options.name ?? '');
    };
  }

  of(topic: string): Connection {
    return this.#of(topic).connection;
  }

  /** Opens that of a topic, if that was not done. @param signal ends the attempt; so does `close` */
  open(topic: string, signal?: AbortSignal): Promise<void> {
    const opened = this.#of(topic);
    if (opened.opening) return opened.opening;
    const { connection } = opened;
    const signals = AbortSignal.any([this.#stop.signal, ...(signal ? [signal] : [])]);
    opened.opening = connection.isOwned ? connection.open(signals) : Promise.resolve();
    opened.opening.catch(() => {}); // whoever asks gets it
    return opened.opening;
  }

  /** Aborts when they are closed. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get isReady(): boolean {
    const all = this.#all;
    return all.every((each) => each.isReady) && (this.#log.isUp || all.some((each) => !each.isOwned));
  }

  get reconnects(): number {
    return this.#log.reconnects;
  }

  /** From now on, what asks something of a server that is unreachable for longer than this (ms) fails. @returns ends it */
  closeWhenUnreachable(patienceMs: number, signal: AbortSignal): () => void {
    const ends = this.#all.map((each) => each.closeWhenUnreachable(patienceMs, signal));
    return () => {
      for (const end of ends) end();
    };
  }

  async close(reason: Error): Promise<void> {
    this.#stop.abort(reason);
    await Promise.all(this.#all.map((each) => each.close()));
  }

  get #all(): readonly Connection[] {
    return [...this.#byTopic.values()].map(({ connection }) => connection);
  }

  #of(topic: string): Opened {
    const key = this.#isCluster ? topic : '';
    const known = this.#byTopic.get(key);
    if (known) return known;
    const opened: Opened = { connection: this.#create(topic) };
    this.#byTopic.set(key, opened);
    return opened;
  }
}

const isOneClient = (redis: RedisSource): redis is AnyClient =>
  typeof (redis as Partial<AnyClient>).duplicate === 'function' && !isCluster(redis) && !isSentinel(redis);

/** Of a client that has several servers only the options are used. */
function optionsIn(redis: Exclude<RedisSource, AnyClient>): RedisOptions | SentinelOptions | ClusterOptions {
  if (isCluster(redis)) return redis._options;
  return isSentinel(redis) ? optionsOf(redis) : redis;
}

const isCluster = (redis: RedisSource): redis is AnyCluster =>
  '_options' in redis && 'rootNodes' in Object(redis._options);
