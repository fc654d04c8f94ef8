import { once } from 'node:events';
import {
  ANNOUNCEMENTS_CHANNEL,
  type Announcement,
  CONTROLS_CHANNEL,
  type Control,
  connectionName,
  WATCHING,
  WATCHING_CHANNEL,
  WATCHING_EVERY_MS,
} from '@redis-messaging/shared/live/protocol';
import { readAnnouncement } from '@redis-messaging/shared/live/read-announcement';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { type Connection, connect } from '@redis-messaging/shared/redis/connection';
import type { Refusal } from '@redis-messaging/shared/redis/refusals';
import { askServer } from '@redis-messaging/shared/redis/servers/ask-servers';
import type { Servers } from '@redis-messaging/shared/redis/servers/servers';
import { ONLOOKER } from '@redis-messaging/shared/redis/slow-subscribers';
import { readAddress } from '../../wire/address.ts';
import type { RedisState } from '../../wire/wire.ts';
import { Nodes, type Places, readClusterNodes } from './nodes.ts';

/** How often the servers are asked who is there: ms. */
const NODES_EVERY_MS = 1000;

/** Told what is heard. */
export interface WatchEvents {
  announced(announcement: Announcement): void;
  redis(state: RedisState): void;
  /** What the servers may be asked for. */
  places(): Places;
  /** The dashboard's user lacks a right. */
  refused(refusal: Refusal): void;
}

/**
 * Listens to the services while somebody looks, and says that somebody does. While nobody does, there is no connection to Redis at all.
 */
export class Watch {
  readonly #servers: Servers;
  readonly #events: WatchEvents;
  readonly #nodes = new Nodes();
  #state: RedisState;
  #end: AbortController | undefined;
  #sending: Connection | undefined;

  constructor(servers: Servers, events: WatchEvents) {
    this.#servers = servers;
    this.#events = events;
    this.#state = { status: 'unknown', since: Date.now(), address: servers.address, version: '', nodes: [] };
  }

  get redis(): RedisState {
    return this.#state;
  }

  /** Begins to listen, or ends it. May be called again with the same. */
  set(isWatched: boolean): void {
    if (isWatched === (this.#end !== undefined)) return;
    if (isWatched) {
      this.#end = new AbortController();
      void this.#listen(this.#end.signal);
    } else {
      this.#end?.abort();
      this.#end = undefined;
    }
  }

  /** Asks services to do something. @throws if Redis cannot be reached */
  async control(control: Control): Promise<void> {
    await this.#client.publish(CONTROLS_CHANNEL, JSON.stringify(control));
  }

  /**
   * Cuts all connections of the demo's subscribers, or those of one.
   * @param instance whose @returns how many @throws if Redis cannot be reached
   */
  async cutSubscribers(instance?: string): Promise<number> {
    const called = instance === undefined ? 'subscriber' : connectionName('subscriber', instance);
    const nodes = this.#servers.isCluster ? readClusterNodes(await this.#client.clusterNodes()) : [];
    if (nodes.length < 2) return await cut(this.#client, called);
    const there = nodes.filter(({ isUp }) => isUp);
    const options = this.#servers.optionsFor('');
    const cuts = there.map(({ address }) => askServer(readAddress(address), options, (redis) => cut(redis, called)));
    const results = await Promise.allSettled(cuts);
    const counts = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    if (counts.length === 0) throw new Error('no server of the Cluster can be reached');
    return counts.reduce((sum, count) => sum + count, 0);
  }

  get #client(): Redis {
    if (!this.#sending?.isReady) throw new Error('Redis cannot be reached');
    return this.#sending.client;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const up = new Set<object>();
    const events = {
      onRefused: (refusal: Refusal) => this.#events.refused(refusal),
      onUp: (connection: object) => {
        up.add(connection);
        this.#is('up');
        this.#sayWatching();
        void this.#askVersion(connection as Connection, signal);
      },
      onDown: (connection: object) => {
        up.delete(connection);
        if (up.size === 0) this.#is('down');
      },
    };
    const timers: NodeJS.Timeout[] = [];
    let sending: Connection | undefined;
    let listening: Connection | undefined;
    try {
      sending = await connect({ ...this.#servers.optionsFor(''), name: 'dashboard' }, events, signal);
      this.#sending = sending;
      listening = await sending.duplicate(ONLOOKER.slice(1), signal);
      await listening.client.subscribe(ANNOUNCEMENTS_CHANNEL, (payload) => this.#hear(payload), true);
      this.#sayWatching();
      timers.push(setInterval(() => this.#sayWatching(), WATCHING_EVERY_MS));
      timers.push(setInterval(() => void this.#look(signal), NODES_EVERY_MS));
      if (!signal.aborted) await once(signal, 'abort');
    } catch {
      if (!signal.aborted) this.#is('down'); // refused for good: the services say why
    } finally {
      for (const timer of timers) clearInterval(timer);
      await Promise.all([listening?.close(), sending?.close()]);
      if (this.#end === undefined) this.#set({ ...this.#state, status: 'unknown', since: Date.now(), nodes: [] });
    }
  }

  #hear(payload: Buffer): void {
    const announcement = readAnnouncement(payload);
    if (announcement) this.#events.announced(announcement);
  }

  #sayWatching(): void {
    if (!this.#sending?.isReady) return;
    this.#sending.client.publish(WATCHING_CHANNEL, WATCHING).catch(() => {});
  }

  async #askVersion({ client }: Connection, signal: AbortSignal): Promise<void> {
    const info = await client.info('server').catch(() => '');
    const version = /^redis_version:(\S+)/m.exec(info)?.[1]?.slice(0, 40);
    if (version && version !== this.#state.version && !signal.aborted) this.#set({ ...this.#state, version });
  }

  /** Who does not answer is asked again. */
  async #look(signal: AbortSignal): Promise<void> {
    if (!this.#sending?.isReady) return;
    const { isCluster } = this.#servers;
    const seen = await this.#nodes
      .look(this.#sending.client, isCluster, () => this.#events.places())
      .catch(() => undefined);
    if (seen && !signal.aborted && JSON.stringify(seen) !== JSON.stringify(this.#state.nodes))
      this.#set({ ...this.#state, nodes: seen });
  }

  #is(status: RedisState['status']): void {
    if (status !== this.#state.status) this.#set({ ...this.#state, status, since: Date.now() });
  }

  #set(state: RedisState): void {
    this.#state = state;
    this.#events.redis(state);
  }
}

/** Cuts the connections that are called so, or so and a role behind a colon. @returns how many */
async function cut(redis: Redis, called: string): Promise<number> {
  const theirs = (await redis.clientList()).filter(({ name }) => name === called || name.startsWith(`${called}:`));
  for (const { id } of theirs) await redis.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
  return theirs.length;
}
