import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, ErrorReply } from 'redis';
import { watch } from './watchdog.ts';

/** One connection to Redis that comes back by itself. */
export type Redis = ReturnType<typeof newClient>;

export interface RedisOptions {
  /** `redis://`, `rediss://` (TLS) or `unix://`; wins over `host` and `port`, and its credentials over the others. */
  readonly url?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** What CLIENT LIST calls the connections: `<name>` or `<name>:<role>`. */
  readonly name: string;
}

/** Told of every connection of one family (a connection and its duplicates) that comes or goes. */
export interface ConnectionEvents {
  /** A connection is usable: connected, authenticated, subscribed again, and Redis has loaded its data. */
  onUp(connection: object): void;
  /** A connection was lost, could not be made, or is of no use yet. Called for every attempt. */
  onDown(connection: object, reason: string): void;
  /** A connection was closed on purpose; the last that is told of it. */
  onClosed(connection: object): void;
}

const CONNECT_TIMEOUT_MS = 1000;
/** How often it is looked whether a connection is there. */
const CHECK_EVERY_MS = 20;
/** How long a connection may take to answer what it has in hand when it is closed. */
const CLOSE_TIMEOUT_MS = 300;
/** How often a Redis that loads its data is asked whether it is done. */
const LOADING_RETRY_MS = 50;
const FIRST_RETRY_MS = 25;
/** Half of the 2 s within which a service is to be ready again. */
const LONGEST_RETRY_MS = 1000;
/** Answers to a handshake that mean that the configuration is wrong, so that asking again is of no use. */
const REFUSED_FOR_GOOD =
  /^(WRONGPASS|NOAUTH|NOPERM|NOPROTO|ERR (AUTH|Client sent AUTH|Client names|invalid DB|DB index|unknown command))/i;

interface Family {
  readonly options: RedisOptions;
  readonly events: Partial<ConnectionEvents>;
}
const families = new WeakMap<Redis, Family & { stopWatching(): void }>();
/** Connections that will not come back; not the views of them with another type mapping. */
const closed = new WeakSet<object>();

/**
 * Connects, and waits for Redis as long as it takes. Throws an ErrorReply if Redis refuses us for good (wrong password,
 * no such database), and the signal's reason if it aborts first.
 */
export async function connect(
  options: RedisOptions,
  events: Partial<ConnectionEvents>,
  signal: AbortSignal,
): Promise<Redis> {
  return await open({ options, events }, options.name, signal);
}

/** Another connection of the same family, for commands that block or subscribe. The caller closes it. */
export async function duplicate(redis: Redis, role: string, signal: AbortSignal): Promise<Redis> {
  const family = families.get(redis) as Family;
  return await open(family, `${family.options.name}:${role}`, signal);
}

/** Closes after the replies that are due, but does not wait for them longer than `CLOSE_TIMEOUT_MS`. Never throws. */
export async function closeQuickly(redis: Redis): Promise<void> {
  const family = families.get(redis);
  family?.stopWatching();
  closed.add(redis); // before the client can tell of a failure that our closing caused
  if (redis.isReady) {
    await Promise.race([redis.close().catch(() => {}), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
  }
  redis.destroy();
  family?.events.onClosed?.(redis);
}

/**
 * What became of a command that failed: Redis `refused` it; it was `not-sent`, or as good as that, because Redis still
 * loads its data; or the connection broke while it was under way and nobody can say (`unknown`).
 */
export function outcomeOf(error: unknown): 'refused' | 'not-sent' | 'unknown' {
  if (error instanceof ErrorReply) return isLoading(error) ? 'not-sent' : 'refused';
  const notSent = ['ClientClosedError', 'ClientOfflineError', 'AbortError', 'TimeoutError'];
  return notSent.includes((error as Error)?.constructor?.name) ? 'not-sent' : 'unknown';
}

/** Whether an error tells of a mistake in a program or in its data: it would come again, and is not for waiting. */
export const isMistake = (error: unknown): boolean =>
  [TypeError, SyntaxError, RangeError, ReferenceError].some((kind) => error instanceof kind);

/**
 * Runs a command again after each lost connection and while Redis loads its data, until it is answered, the signal aborts
 * or the connection is closed (then `undefined`). For commands that may be repeated. Throws what Redis refuses, and mistakes.
 */
export async function surviveDisconnects<Reply>(
  redis: { readonly isReady: boolean },
  signal: AbortSignal,
  command: () => Promise<Reply>,
): Promise<Reply | undefined> {
  while (true) {
    try {
      return await command();
    } catch (error) {
      if (outcomeOf(error) === 'refused' || isMistake(error)) throw error;
      if (signal.aborted || closed.has(redis)) return undefined;
      await untilReady(redis, signal);
      if (!redis.isReady) return undefined; // or the command would wait for a Redis that is away
    }
  }
}

/** Resolves when the connection is usable or closed, or the signal aborts. */
export async function untilReady(redis: { readonly isReady: boolean }, signal: AbortSignal): Promise<void> {
  do await sleep(CHECK_EVERY_MS);
  while (!redis.isReady && !signal.aborted && !closed.has(redis));
}

/**
 * Closes a connection that has been away for `patienceMs`, once the signal has aborted: what was asked of it fails then,
 * instead of waiting until Redis is back. @returns ends the watch
 */
export function closeWhenAway(redis: Redis, patienceMs: number, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  function watchIt(): void {
    let thereAt = performance.now();
    timer = setInterval(() => {
      if (redis.isReady) thereAt = performance.now();
      if (performance.now() - thereAt <= patienceMs) return;
      clearInterval(timer);
      void closeQuickly(redis);
    }, CHECK_EVERY_MS);
  }
  if (signal.aborted) watchIt();
  else signal.addEventListener('abort', watchIt, { once: true });
  return () => {
    signal.removeEventListener('abort', watchIt);
    clearInterval(timer);
  };
}

async function open(family: Family, name: string, signal: AbortSignal): Promise<Redis> {
  signal.throwIfAborted();
  const redis = newClient(family.options, name, (cause) => !connected && isRefusedForGood(cause));
  const { events } = family;
  let connected = false;
  const onDown = (reason: string) => {
    if (!closed.has(redis)) events.onDown?.(redis, reason);
  };
  redis.on('error', (error: Error) => {
    if (connected || !isRefusedForGood(error)) onDown(describe(error));
  });
  const up = new Promise<void>((resolve) => {
    redis.on('ready', async () => {
      connected = true;
      if (!(await isServed(redis, onDown)) || closed.has(redis)) return;
      events.onUp?.(redis);
      resolve();
    });
  });
  families.set(redis, { ...family, stopWatching: watch(redis, onDown) });
  try {
    await firstUp(redis, up, signal);
  } catch (error) {
    await closeQuickly(redis);
    throw error;
  }
  return redis;
}

/** Whether a connection that stands is of use: waits while Redis loads its data, unless the connection is lost. */
async function isServed(redis: Redis, onLoading: (reason: string) => void): Promise<boolean> {
  while (redis.isReady) {
    const answer: unknown = await redis.ping().catch((error) => error);
    if (!isLoading(answer)) return redis.isReady;
    onLoading(answer.message);
    await sleep(LOADING_RETRY_MS);
  }
  return false;
}

/** The client's own `connect` ends early when the watchdog gives up on a handshake; this waits for the success. */
async function firstUp(redis: Redis, up: Promise<void>, signal: AbortSignal): Promise<void> {
  let abort = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      up.then(resolve);
      redis.once('terminated', (cause: Error & { originalError?: Error }) => reject(cause.originalError ?? cause));
      redis.connect().catch(() => {});
    });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function newClient(options: RedisOptions, name: string, isHopeless: (cause: Error) => boolean) {
  const { url, host, port, username, password } = options;
  return createClient({
    ...(url && { url: withPassword(url, password) }),
    ...(username && { username }),
    ...(password && { password }),
    socket: {
      ...(!url && { host, port }),
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries: number, cause: Error) => (isHopeless(cause) ? cause : nextRetryIn(retries)),
    },
    name,
    RESP: 3,
    maintNotifications: 'disabled',
    // A timer for each command costs about half of its CPU time; the watchdog bounds the waiting instead.
    commandOptions: { timeout: undefined },
  });
}

/** The client ignores a password beside a URL that names a user, so it is put into the URL. */
function withPassword(url: string, password: string | undefined): string {
  if (!password || url.startsWith('unix:')) return url;
  const complete = new URL(url);
  complete.password ||= encodeURIComponent(password);
  return complete.href;
}

/** Exponential backoff with jitter, in ms. */
function nextRetryIn(retries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** retries, LONGEST_RETRY_MS) * (0.5 + Math.random() / 2);
}

function isRefusedForGood(cause: Error): boolean {
  return cause instanceof ErrorReply && REFUSED_FOR_GOOD.test(cause.message);
}

/** Whether Redis answers that it has just started and cannot answer yet. */
function isLoading(answer: unknown): answer is ErrorReply {
  return answer instanceof ErrorReply && answer.message.startsWith('LOADING');
}

/** An error with its codes for people; an AggregateError (several addresses) has no message of its own. */
function describe(error: Error & { code?: string; errors?: Error[] }): string {
  return error.message || error.errors?.map((each) => each.message).join('; ') || error.code || error.constructor.name;
}
