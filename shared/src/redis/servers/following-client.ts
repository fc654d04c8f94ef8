import { EventEmitter } from 'node:events';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { TypeMapping } from 'redis';
import type { Redis } from '../client.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Finds the server that is in charge now; asked before each attempt to connect. Rejects if nobody tells. */
export type Locate = () => Promise<Address>;

/** How such a client connects. */
interface Connecting {
  readonly locate: Locate;
  /** Makes a client of a server that does not reconnect by itself. */
  create(address: Address): Redis;
  /** How long to wait before the next attempt (ms); an Error ends the attempts. */
  retryIn(retries: number, cause: Error): number | Error;
}

/** Answers of a server that is not in charge of what it was asked for: it has done nothing. */
const ELSEWHERE = /^(MOVED|READONLY|MASTERDOWN|EXECABORT)/;
/** Answers that another attempt at the same server may not get: the keys are just moving, or it looks for the others. */
const NOT_NOW = /^(ASK|TRYAGAIN|CLUSTERDOWN)/;

/** What was asked for is not to be had there, and was not done. */
export class ElsewhereError extends Error {}

/** How often to find out whether another server is in charge: one that nothing is asked of does not say so. In ms. */
const LOOK_EVERY_MS = 5000;
/** How long a server that is no longer in charge may take to answer what it was asked before: ms. */
const LAST_ANSWERS_MS = 300;

const SUBSCRIPTIONS = ['CHANNELS', 'PATTERNS', 'SHARDED'] as const;
type Listeners = Parameters<Redis['extendPubSubListeners']>;
type ChannelListeners = Parameters<Listeners[1]['set']>[1];

/**
 * A client whose server changes: the primary that Sentinel names, or the one that has a slot of a Cluster. Node-redis' client is bound
 * to one address, so this has one after the other: each time that it is cut off, or that a server says that it is not in charge, it
 * finds out anew who is. Subscriptions go along. A command of unknown outcome is never repeated, and what is asked while there is no
 * connection is rejected at once, as not sent.
 */
export function followingClient(connecting: Connecting): Redis {
  return forwarding(new Following(connecting)) as unknown as Redis;
}

/** Calls the listener for a client, or for each of those that such a client has, one after the other. */
export function eachClient(redis: Redis, listener: (client: Redis) => void): void {
  listener(redis);
  redis.on('client', listener);
}

class Following extends EventEmitter {
  readonly #connecting: Connecting;
  /** The one at work, or the one that was last. */
  #current: Redis;
  /** The one that has all subscriptions. */
  #subscribed: Redis;
  isOpen = false;
  isReady = false;
  #looking: NodeJS.Timeout | undefined;
  /** Changes whenever the client is closed: who was connecting then is to stop, also if it has been opened again. */
  #opening = {};

  constructor(connecting: Connecting) {
    super();
    this.#connecting = connecting;
    this.#current = connecting.create({ host: 'localhost', port: 0 }); // refuses all commands, as it is not connected
    this.#subscribed = this.#current;
  }

  get current(): Redis {
    return this.#current;
  }

  async connect(): Promise<void> {
    if (this.isOpen) throw new Error('the client is open already');
    this.isOpen = true;
    await this.#connect();
  }

  async close(): Promise<void> {
    this.#end();
    if (this.#current.isOpen) await this.#current.close();
  }

  destroy(): void {
    this.#end();
    if (this.#current.isOpen) this.#current.destroy();
  }

  #end(): void {
    this.isOpen = false;
    this.isReady = false;
    this.#opening = {};
    clearInterval(this.#looking);
  }

  withTypeMapping(mapping: TypeMapping): unknown {
    const following = this;
    let of: Redis | undefined;
    let mapped: unknown;
    return forwarding({
      get current() {
        if (of !== following.current) [of, mapped] = [following.current, following.current.withTypeMapping(mapping)];
        return mapped as object;
      },
    });
  }

  async #connect(): Promise<void> {
    const opening = this.#opening;
    const isOver = () => opening !== this.#opening;
    for (let retries = 0; !isOver(); retries++) {
      try {
        return await this.#attempt(isOver);
      } catch (error) {
        const cause = error as Error;
        if (isOver()) throw cause;
        const retryIn = this.#connecting.retryIn(retries, cause);
        if (retryIn instanceof Error) this.#terminate(retryIn);
        this.emit('error', cause);
        if (retryIn instanceof Error) throw retryIn;
        await sleep(retryIn);
        if (!isOver()) this.emit('reconnecting');
      }
    }
  }

  async #attempt(isOver: () => boolean): Promise<void> {
    const address = await this.#connecting.locate();
    if (isOver()) return;
    const client = this.#connecting.create(address);
    this.#current = client;
    this.emit('client', client);
    this.#hearAnswers(client);
    client.on('connect', () => this.emit('connect'));
    client.on('error', (error: Error) => this.#onError(client, error));
    client.on('sharded-channel-moved', (channel: string, listeners: ChannelListeners) => {
      client.getPubSubListeners('SHARDED' as Listeners[0]).set(channel, listeners); // it goes along
      void this.#leave(client, 'the channel has moved');
    });
    try {
      await client.connect();
      for (const type of SUBSCRIPTIONS) await takeOver(type as Listeners[0], this.#subscribed, client);
      if (isOver()) throw new ElsewhereError('the client was closed');
    } catch (error) {
      if (client.isOpen) client.destroy();
      throw error;
    }
    this.#subscribed = client;
    this.isReady = true;
    this.#lookNowAndThen(client, address);
    this.emit('ready');
  }

  #lookNowAndThen(client: Redis, { host, port }: Address): void {
    clearInterval(this.#looking);
    this.#looking = setInterval(async () => {
      const now = await this.#connecting.locate().catch(() => undefined); // who does not know does not say that it has changed
      if (now && (now.host !== host || now.port !== port)) void this.#leave(client, 'another server is in charge');
    }, LOOK_EVERY_MS);
    this.#looking.unref();
  }

  /** The server is not in charge any more: what it was asked before is answered yet, and then the one that is is looked for. */
  async #leave(client: Redis, reason: string): Promise<void> {
    if (client !== this.#current || !this.isReady) return;
    const opening = this.#opening;
    this.isReady = false;
    await setImmediate(); // the answer that says so is taken off its queue: with it there, `close` would wait for one more
    await Promise.race([client.close().catch(() => {}), sleep(LAST_ANSWERS_MS)]);
    client.destroy();
    if (opening === this.#opening) this.#again(new ElsewhereError(reason)); // else it was closed, and perhaps opened again, meanwhile
  }

  #onError(client: Redis, error: Error): void {
    if (client !== this.#current || !this.isReady) return; // while it is connecting, that tells
    this.isReady = false;
    this.#again(error);
  }

  #again(cause: Error): void {
    if (!this.isOpen) return;
    const retryIn = this.#connecting.retryIn(0, cause);
    this.emit('error', cause);
    if (retryIn instanceof Error) {
      this.#terminate(retryIn);
      return;
    }
    this.emit('reconnecting');
    this.#connect().catch(() => {}); // it has been told
  }

  #terminate(cause: Error): void {
    this.#end();
    this.emit('terminated', cause);
  }

  /** Makes of a server's answer that it is not in charge an error that says that nothing was done, and leaves it. */
  #hearAnswers(client: Redis): void {
    const { decoder } = client._getQueue();
    const { onErrorReply } = decoder;
    decoder.onErrorReply = (reply) => {
      const isElsewhere = ELSEWHERE.test(reply.message);
      if (isElsewhere) void this.#leave(client, reply.message);
      return onErrorReply(
        isElsewhere || NOT_NOW.test(reply.message) ? (new ElsewhereError(reply.message) as typeof reply) : reply,
      );
    };
  }
}

async function takeOver(type: Listeners[0], from: Redis, to: Redis): Promise<void> {
  const listeners = from.getPubSubListeners(type);
  if (from !== to && listeners.size > 0) await to.extendPubSubListeners(type, listeners);
}

/** An object that has what `target` has, and else what its current client has at that moment. */
function forwarding<Target extends { readonly current: object }>(target: Target): Target {
  return new Proxy(target, {
    get(own, name) {
      const holder: object = name in own ? own : own.current;
      const value = Reflect.get(holder, name, holder);
      return typeof value === 'function' ? value.bind(holder) : value;
    },
  });
}
