import { once, setMaxListeners } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { newClient } from '@redis-messaging/shared/redis/new-client';
import { serversOf } from '@redis-messaging/shared/redis/servers/servers-of';
import { ErrorReply } from 'redis';
import { type Environment, stringsOf } from '../local/process/environment.ts';
import type { ServerProgram } from '../local/redis/find-server.ts';
import { type RedisCluster, startRedisCluster } from '../local/redis/redis-cluster.ts';
import { freePort, type RedisServer, startRedisServer } from '../local/redis/redis-server.ts';
import type { Line } from '../testkit/service-process.ts';
import { TcpProxy } from '../testkit/tcp-proxy.ts';
import { keyOfPayload, sha1 } from './payload.ts';
import { Service } from './service.ts';

/** The user by whose name the services are known to Redis; faults take rights from it. */
export const USER = 'service';
const PASSWORD = 'chaos';
/** From the end of what a scripts may take until Redis answers others that it is busy: ms. */
const BUSY_AFTER_MS = 100;
/** How long a command is tried: longer than any fault lasts. ms. */
const INSIST_MS = 60_000;
const RETRY_MS = 100;
/** How much of its log is shown if Redis ends. */
const LOG_CHARACTERS = 5000;
/** Seconds: short, so that what a killed subscriber had in flight does not keep a run waiting. */
export const RECLAIM_AFTER = 2;
const HANDLER_TIMEOUT = 3;
const CONCURRENCY = 4;
const NAMES = ['A', 'B', 'C'];

/** A payload that is no message, or whose handler always fails, and that Redis has accepted. */
export interface Poison {
  readonly pattern: string;
  /** ms since 1970. */
  readonly at: number;
  /** Its id, or, if it has none, `sha1`. */
  readonly key: string;
  readonly sha1: string;
  /** What no other has: it begins with this, or nearly. */
  readonly stamp: string;
}

/** What a system is made of. */
export interface SystemOptions {
  readonly server: ServerProgram;
  readonly patterns: readonly Pattern[];
  /** Whether Redis is a Cluster: three primaries, each with a replica, and no proxies. */
  readonly isCluster: boolean;
  /** Messages per second, of each pattern. */
  readonly rate: number;
  /** Seconds for which Redis remembers ids; 0 = off. */
  readonly dedupeTtl: number;
  /** Told of each line in a publisher's log that says that Redis has accepted a message. */
  readonly onPublished: (pattern: string, line: Line) => void;
}

/**
 * What the faults happen to: a Redis of its own on loopback, a publisher for each pattern, three subscribers, and a proxy
 * between each subscriber and Redis, and between all publishers and Redis. Disposing it ends all of it.
 */
export class System implements AsyncDisposable {
  readonly patterns: readonly Pattern[];
  readonly publishers: readonly Service[];
  readonly subscribers: readonly Service[];
  /** Services that faults have added. */
  readonly extras: Service[] = [];
  /** By the name of the subscriber; `publishers` for those. */
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  /** A connection that no fault takes rights from, not through a proxy. */
  readonly admin: Redis;
  /** Another one, for what keeps Redis busy. */
  readonly other: Redis;
  readonly poison: Poison[] = [];
  /** Aborts when everything is to end: also, with its log, if Redis ends. */
  readonly signal: AbortSignal;
  /** Where subscribers note what they have handled: files by the name of the subscriber. */
  readonly evidence: ReadonlyMap<string, string>;
  readonly #server: RedisServer;
  readonly #cluster: RedisCluster | undefined;
  readonly #admins: ReadonlyMap<string, Redis>;
  readonly #extraProxies: TcpProxy[] = [];
  readonly #onPublished: SystemOptions['onPublished'];
  readonly #common: Environment;
  readonly #envOf: ReadonlyMap<string, Environment>;

  private constructor(
    { patterns, rate, dedupeTtl, onPublished }: SystemOptions,
    server: RedisServer,
    cluster: RedisCluster | undefined,
    [admin, other, ...others]: readonly [Redis, Redis, ...Redis[]],
    proxies: ReadonlyMap<string, TcpProxy>,
    ports: ReadonlyMap<string, number>,
    folder: string,
    signal: AbortSignal,
  ) {
    this.signal = signal;
    this.patterns = patterns;
    this.#server = server;
    this.#cluster = cluster;
    this.#admins = new Map(others.map((each, index) => [topicsOf(patterns)[index] as string, each]));
    this.admin = admin;
    this.other = other;
    this.proxies = proxies;
    this.#onPublished = onPublished;
    this.#common = {
      REDIS_USERNAME: USER,
      REDIS_PASSWORD: PASSWORD,
      DEDUPE_TTL: dedupeTtl,
      REDIS_CLUSTER: cluster && addressesOf(cluster),
    };
    this.publishers = patterns.map(({ name }) => {
      const env = {
        ...this.#publisherEnv(name, proxies.get('publishers')),
        PUBLISH_INTERVAL: (1 / rate).toFixed(6),
      };
      return new Service('publisher', `publisher of ${name}`, env, (line) => onPublished(name, line));
    });
    this.evidence = new Map(NAMES.map((name) => [name, join(folder, `evidence-${name}`)]));
    this.#envOf = new Map(
      NAMES.map((name) => [
        name,
        {
          ...this.#common,
          REDIS_PORT: proxies.get(name)?.port,
          PATTERN: patterns.map((pattern) => pattern.name).join(),
          CONSUMER: name,
          CONCURRENCY,
          RECLAIM_AFTER,
          HANDLER_TIMEOUT,
          HANDLER: new URL('handler.mjs', import.meta.url).pathname,
          EVIDENCE: this.evidence.get(name),
          HEALTH_PORT: ports.get(name),
        },
      ]),
    );
    this.subscribers = NAMES.map((name) => new Service('subscriber', name, this.#envOf.get(name) as Environment));
  }

  /** Starts Redis, and nothing else yet. */
  static async open(options: SystemOptions, signal: AbortSignal): Promise<System> {
    return options.isCluster ? await System.#openCluster(options, signal) : await System.#openOne(options, signal);
  }

  static async #openCluster(options: SystemOptions, signal: AbortSignal): Promise<System> {
    const layout = { primaries: 3, replicas: 1, username: USER, password: PASSWORD } as const;
    const cluster = await startRedisCluster(options.server, layout);
    const rootNodes = cluster.servers.map(({ port }) => ({ socket: { host: '127.0.0.1', port } }));
    const servers = serversOf({ rootNodes });
    const keys = ['', '', ...topicsOf(options.patterns)];
    const clients = keys.map((key) => newClient(servers.optionsFor(key), 'chaos', () => false));
    for (const client of clients) await client.on('error', () => {}).connect();
    const ports = new Map<string, number>();
    for (const name of NAMES) ports.set(name, await freePort());
    const [server] = cluster.servers as [RedisServer];
    const admins = clients as [Redis, Redis, ...Redis[]];
    const { dir = '' } = await admins[0].configGet('dir');
    const parent = AbortSignal.any([signal]);
    setMaxListeners(0, parent);
    return new System(options, server, cluster, admins, new Map(), ports, dir, parent);
  }

  static async #openOne(options: SystemOptions, signal: AbortSignal): Promise<System> {
    const settings = [`lua-time-limit ${BUSY_AFTER_MS}`, 'maxmemory-policy noeviction'];
    const server = await startRedisServer(options.server, { username: USER, password: PASSWORD, settings });
    const socket = { host: '127.0.0.1', port: server.port };
    const clients = ['chaos', 'chaos:other'].map((name) => newClient({ socket }, name, () => false));
    for (const client of clients) await client.on('error', () => {}).connect();
    const [admin, other] = clients as [Redis, Redis];
    const proxies = new Map<string, TcpProxy>();
    const ports = new Map<string, number>();
    for (const name of ['publishers', ...NAMES]) {
      proxies.set(name, await TcpProxy.to(server.port));
      ports.set(name, await freePort());
    }
    const { dir = '' } = await admin.configGet('dir'); // it is removed when the server ends, however that comes
    await mkdir(join(dir, 'dump.rdb')); // a folder in the place of the file, so that no snapshot can be saved
    const failure = new AbortController();
    void server.ended.then(async () => {
      const log = await readFile(join(dir, 'redis.log'), 'utf8').catch(() => '');
      const from = Math.max(0, log.search(/^=+ REDIS BUG REPORT|^=+ VALKEY BUG REPORT/m));
      failure.abort(new Error(`Redis has ended by itself:\n${log.slice(from, from + LOG_CHARACTERS)}`));
    });
    const either = AbortSignal.any([signal, failure.signal]);
    setMaxListeners(0, either);
    return new System(options, server, undefined, [admin, other], proxies, ports, dir, either);
  }

  /** The port of Redis itself. */
  get port(): number {
    return this.#server.port;
  }

  /** A connection like `admin`, to the server that has a topic. */
  adminOf(topic: string): Redis {
    return this.#admins.get(topic) ?? this.admin;
  }

  /** The process of the server of a Cluster on this port. */
  pidAt(port: number): number {
    return this.#cluster?.servers.find((server) => server.port === port)?.pid as number;
  }

  get services(): readonly Service[] {
    return [...this.publishers, ...this.subscribers, ...this.extras];
  }

  /** A subscriber by the name of another one, on its connection. */
  twinOf({ name }: Service): Service {
    const env = { ...this.#envOf.get(name), HEALTH_PORT: 0 };
    const twin = new Service('subscriber', name, env);
    this.extras.push(twin);
    return twin;
  }

  /** A further subscriber by a name of its own, on the connection of another one, and with its notes; its handler is slow, its lease long. */
  slowSubscriber(name: string, { name: other }: Service): Service {
    const env = {
      ...this.#envOf.get(other),
      CONSUMER: name,
      SLOW: 'yes',
      RECLAIM_AFTER: 3 * RECLAIM_AFTER,
      HEALTH_PORT: 0,
    };
    const service = new Service('subscriber', name, env);
    this.extras.push(service);
    return service;
  }

  /** A further publisher, with a proxy of its own. */
  async extraPublisher(pattern: string, env: Environment): Promise<readonly [Service, TcpProxy]> {
    const proxy = await TcpProxy.to(this.#server.port);
    this.#extraProxies.push(proxy);
    const all = { ...this.#publisherEnv(pattern, proxy), ...env };
    const service = new Service('publisher', `another publisher of ${pattern}`, all, (line) =>
      this.#onPublished(pattern, line),
    );
    this.extras.push(service);
    return [service, proxy];
  }

  /** Where a subscriber tells whether it is ready. */
  readyUrl(subscriber: string): string {
    return `http://127.0.0.1:${stringsOf(this.#envOf.get(subscriber) ?? {}).HEALTH_PORT}/readyz`;
  }

  /** The topics and dead letters in Redis that are lists or streams. */
  get mainKeys(): readonly string[] {
    const kept = this.patterns.filter(({ guarantees }) => guarantees.keepsUnread);
    return kept.flatMap(({ topic }) => [topic.default, deadLettersOf(topic.default)]);
  }

  /** Runs a command until it is answered, for it may be repeated. @throws what Redis refuses */
  async ask<Reply>(command: (admin: Redis) => Promise<Reply>): Promise<Reply> {
    return await this.#until(command, (error) => error instanceof ErrorReply);
  }

  /** Runs a command until Redis takes it, for other faults may have it refused. */
  async insist<Reply>(command: (admin: Redis) => Promise<Reply>): Promise<Reply> {
    return await this.#until(command, () => false);
  }

  /** Sends a payload that cannot be handled by every pattern. @param stamp see `Poison` @returns how many Redis accepted */
  async poisonWith(stamp: string, payloadFor: (pattern: string) => Buffer): Promise<number> {
    let accepted = 0;
    for (const { name, topic, publish } of this.patterns) {
      const payload = payloadFor(name);
      const replies = await publish(this.adminOf(topic.default), topic.default, [payload]).catch(() => undefined);
      if (!replies) continue;
      accepted++;
      this.poison.push({ pattern: name, at: Date.now(), key: keyOfPayload(payload), sha1: sha1(payload), stamp });
    }
    return accepted;
  }

  /** Runs a command again until it succeeds. @throws an error that is final, or any after `INSIST_MS`; the signal's reason */
  async #until<Reply>(command: (admin: Redis) => Promise<Reply>, isFinal: (error: unknown) => boolean): Promise<Reply> {
    const deadline = performance.now() + INSIST_MS;
    while (true) {
      try {
        return await orAborted(command(this.admin), this.signal);
      } catch (error) {
        this.signal.throwIfAborted();
        if (isFinal(error) || performance.now() > deadline) throw error;
        await sleep(RETRY_MS, undefined, { signal: this.signal });
      }
    }
  }

  #publisherEnv(pattern: string, proxy: TcpProxy | undefined): Environment {
    return { ...this.#common, REDIS_PORT: proxy?.port, PATTERN: pattern, SENDER: pattern };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.services.map((service) => service[Symbol.asyncDispose]()));
    for (const proxy of [...this.proxies.values(), ...this.#extraProxies]) await proxy[Symbol.asyncDispose]();
    for (const client of [this.admin, this.other, ...this.#admins.values()]) client.destroy();
    await (this.#cluster ?? this.#server).stop();
  }
}

/** The topics that the patterns use. */
export const topicsOf = (patterns: readonly Pattern[]): string[] => patterns.map(({ topic }) => topic.default);

const addressesOf = ({ servers }: RedisCluster): string => servers.map(({ port }) => `127.0.0.1:${port}`).join();

/** What a step comes to. @throws the signal's reason as soon as it aborts */
export async function orAborted<Result>(step: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const done = new AbortController();
  const aborted = once(signal, 'abort', { signal: done.signal }).then(
    () => Promise.reject(signal.reason),
    () => new Promise<never>(() => {}),
  );
  try {
    signal.throwIfAborted();
    return await Promise.race([step, aborted]);
  } finally {
    done.abort();
  }
}
