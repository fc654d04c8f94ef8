import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorReply } from 'redis';
import type { Redis } from './client.ts';
import { newClient, type ServerOptions } from './new-client.ts';
import { describeError, isLoading, isMistake, isRefusedForGood, outcomeOf } from './outcome.ts';
import { hearRefusals, type Refusal } from './refusals.ts';
import { eachClient } from './servers/following-client.ts';
import { SlowSubscribers } from './slow-subscribers.ts';
import { failureBehind } from './tls.ts';
import { Watchdog } from './watchdog.ts';

/** Told of every connection of one family (a connection and its duplicates) that comes or goes. */
export interface ConnectionEvents {
  /** A connection is usable: connected, authenticated, subscribed again, and Redis has loaded its data. */
  onUp(connection: object): void;
  /** A connection was lost, could not be made, or is of no use yet. Called for every attempt. */
  onDown(connection: object, reason: string): void;
  /** Redis refused something by a connection, because its user lacks a right. Called each time. */
  onRefused(refusal: Refusal): void;
  /** A connection was closed on purpose; the last that is told of it. */
  onClosed(connection: object): void;
}

/** The rights that every connection needs (ACL): HELLO and AUTH need none. */
export const CONNECTION_RIGHTS = ['ping'] as const;

/** How often to look whether a connection is there. */
const CHECK_EVERY_MS = 20;
/** How long a connection may take to answer what is under way when it is closed. */
const CLOSE_TIMEOUT_MS = 300;
/** How often a Redis that loads its data is asked whether it is done. */
const LOADING_RETRY_MS = 50;

/**
 * Connects, and waits for Redis as long as it takes.
 * @throws an ErrorReply if Redis refuses us for good (wrong password, no such database), an Error
 *   if no TLS connection can be made (wrong CA, wrong name); the signal's reason if it aborts first
 */
export async function connect(
  options: ServerOptions,
  events: Partial<ConnectionEvents>,
  signal: AbortSignal,
): Promise<Connection> {
  const connection = Connection.create(options, events, options.name ?? '');
  await connection.open(signal);
  return connection;
}

/** One connection to Redis that comes back by itself, with its client. */
export class Connection implements AsyncDisposable {
  readonly client: Redis;
  /** Those that its Pub/Sub messages go to. */
  readonly slowSubscribers: SlowSubscribers;
  readonly #options: ServerOptions;
  readonly #events: Partial<ConnectionEvents>;
  readonly #watchdog: Watchdog | undefined;
  #endHearing: () => void = () => {};
  /** Told by one listener of the client, however many they are. */
  readonly #readyListeners = new Set<() => void>();
  readonly #tellReady = () => {
    for (const listener of this.#readyListeners) listener();
  };
  #isConnected = false;
  /** Whether it was closed on purpose, and will not come back. */
  isClosed = false;

  private constructor(
    client: (connection: () => Connection) => Redis,
    options: ServerOptions,
    events: Partial<ConnectionEvents>,
    isWatched: boolean,
  ) {
    this.client = client(() => this);
    this.client.on('ready', this.#tellReady);
    this.slowSubscribers = new SlowSubscribers(this.client);
    this.#options = options;
    this.#events = events;
    eachClient(this.client, (client) => {
      this.#endHearing();
      this.#endHearing = hearRefusals(client, (refusal) => events.onRefused?.(refusal));
    });
    this.#watchdog = isWatched ? new Watchdog(this.client, (reason) => this.#onDown(reason)) : undefined;
  }

  /** A connection that is not open yet. @param name what CLIENT LIST calls it */
  static create(options: ServerOptions, events: Partial<ConnectionEvents>, name: string): Connection {
    const create = (connection: () => Connection) =>
      newClient(options, name, (cause) => !connection().#isConnected && isRefusedForGood(cause));
    return new Connection(create, options, events, true);
  }

  /**
   * A client that somebody else made, connects and closes. It is used for commands as it is; connections that block or
   * subscribe are duplicates with its options, which are ours.
   */
  static of(client: Redis, events: Partial<ConnectionEvents> = {}): Connection {
    const options = (client.options ?? {}) as ServerOptions;
    return new Connection(() => client, options, events, false);
  }

  /** Whether the client is ours to open and to close. */
  get isOwned(): boolean {
    return this.#watchdog !== undefined;
  }

  /** Whether commands can be sent now. */
  get isReady(): boolean {
    return this.client.isReady && !this.isClosed;
  }

  /** Calls the listener whenever commands can be sent again. @returns ends that */
  onReady(listener: () => void): () => void {
    this.#readyListeners.add(listener);
    return () => this.#readyListeners.delete(listener);
  }

  /** Another connection of the same family, for commands that block or subscribe. The caller closes it. */
  async duplicate(role: string, signal: AbortSignal): Promise<Connection> {
    const name = this.#options.name ? `${this.#options.name}:${role}` : role;
    const connection = Connection.create(this.#options, this.#events, name);
    await connection.open(signal);
    return connection;
  }

  /** Connects: see `connect`. To be called once. */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.#firstUp(signal);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** When Redis answered last, to whatever, as far as the watchdog knows: steady ms. */
  get answeredAt(): number {
    return this.#watchdog?.answeredAt ?? performance.now();
  }

  /**
   * Tells the watchdog that something arrived: on a busy subscription, answers to PING come behind a lot of messages. Cheap
   * enough for every message.
   */
  signOfLife(): void {
    this.#watchdog?.signOfLife();
  }

  /**
   * Runs a command again after each lost connection and while Redis loads its data, until it is answered, the signal aborts
   * or the connection is closed (then `undefined`). For commands that may be repeated. Throws what Redis refuses, and mistakes.
   *
   * @param command is told whether it may have been executed before
   */
  async survive<Reply>(
    signal: AbortSignal,
    command: (isRepetition: boolean) => Promise<Reply>,
  ): Promise<Reply | undefined> {
    for (let isRepetition = false; ; ) {
      try {
        return await command(isRepetition);
      } catch (error) {
        const outcome = outcomeOf(error);
        if (outcome === 'refused' || isMistake(error)) throw error;
        isRepetition ||= outcome === 'unknown';
        if (signal.aborted || this.isClosed) return undefined;
        await this.untilReady(signal);
        if (!this.isReady) return undefined; // or the command would wait for a Redis that is unreachable
      }
    }
  }

  /** Resolves when the connection is usable or closed, or the signal aborts. */
  async untilReady(signal: AbortSignal): Promise<void> {
    do await sleep(CHECK_EVERY_MS);
    while (!this.client.isReady && !signal.aborted && !this.isClosed);
  }

  /**
   * Closes the connection when it has been unreachable for `patienceMs`, once the signal has aborted: what was asked of it
   * fails then, instead of waiting until Redis is back. @returns ends the watch
   */
  closeWhenUnreachable(patienceMs: number, signal: AbortSignal): () => void {
    let timer: NodeJS.Timeout | undefined;
    const watchIt = (): void => {
      let thereAt = performance.now();
      timer = setInterval(() => {
        if (this.isReady) thereAt = performance.now();
        if (performance.now() - thereAt <= patienceMs) return;
        clearInterval(timer);
        void this.close();
      }, CHECK_EVERY_MS);
    };
    if (signal.aborted) watchIt();
    else signal.addEventListener('abort', watchIt, { once: true });
    return () => {
      signal.removeEventListener('abort', watchIt);
      clearInterval(timer);
    };
  }

  /**
   * Closes after the replies that are due, but does not wait for them longer than `CLOSE_TIMEOUT_MS`. A client that somebody
   * else made stays open. Never throws.
   */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.client.off('ready', this.#tellReady);
    this.isClosed = true; // before the client can tell of a failure that our closing caused
    if (this.#watchdog) {
      this.#watchdog.stop();
      if (this.client.isReady) {
        await Promise.race([this.client.close().catch(() => {}), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
      }
      this.client.destroy();
    }
    this.#endHearing();
    this.#events.onClosed?.(this);
  }

  /** Ends it at once: what is under way fails. */
  destroy(): void {
    this.client.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onDown(reason: string): void {
    if (!this.isClosed) this.#events.onDown?.(this, reason);
  }

  /** The client's own `connect` ends early when the watchdog gives up on a handshake; this waits for the success. */
  async #firstUp(signal: AbortSignal): Promise<void> {
    const { client } = this;
    let abort = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        const refuse = (cause: Error) => {
          reject(cause instanceof ErrorReply ? cause : new Error(describeError(cause), { cause }));
        };
        client.on('error', async (error: Error) => {
          if (this.#isConnected) return this.#onDown(describeError(error));
          const cause = await failureBehind(error, this.#options);
          if (this.#isConnected) return; // meanwhile
          if (isRefusedForGood(cause)) refuse(cause);
          else this.#onDown(describeError(cause));
        });
        client.on('ready', async () => {
          this.#isConnected = true;
          if (!(await this.#isServed()) || this.isClosed) return;
          this.#events.onUp?.(this);
          resolve();
        });
        client.once('terminated', refuse);
        client.connect().catch(() => {});
      });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Whether a connection that stands is of use: waits while Redis loads its data, unless the connection is lost. */
  async #isServed(): Promise<boolean> {
    while (this.client.isReady) {
      const answer: unknown = await this.client.ping().catch((error) => error);
      if (!isLoading(answer)) return this.client.isReady;
      this.#onDown(answer.message);
      await sleep(LOADING_RETRY_MS);
    }
    return false;
  }
}
