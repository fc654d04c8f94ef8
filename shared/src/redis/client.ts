import { createClient, RESP_TYPES, type RedisClientType, type RedisDefaultModules } from 'redis';
import { type RedisOptions, serverNameOf } from './options.ts';

export type { RedisOptions };

/** A client of node-redis: one connection to Redis, with the commands as methods. */
export type Redis = ReturnType<typeof createOurClient>;

/** The same client, whose replies are Buffers where Redis sends bytes. */
export type BufferRedis = RedisClientType<
  RedisDefaultModules,
  Record<never, never>,
  Record<never, never>,
  3,
  { [RESP_TYPES.BLOB_STRING]: BufferConstructor }
>;

/** A view of a client whose replies are Buffers where Redis sends bytes. */
export const withBuffers = (redis: Redis): BufferRedis =>
  redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }) as unknown as BufferRedis;

/** How long making a connection may take, unless the options say otherwise: ms. */
const CONNECT_TIMEOUT_MS = 1000;
const FIRST_RETRY_MS = 25;
/** The longest from one attempt to connect to the next. Half of the 2 s within which a service is to be ready again. */
export const LONGEST_RETRY_MS = 1000;

/**
 * A client that is not connected yet, with what every connection of ours needs.
 *
 * @param name what CLIENT LIST calls the connection
 * @param isHopeless whether another attempt to connect would fail for the same cause
 */
export function newClient(options: RedisOptions, name: string, isHopeless: (cause: Error) => boolean): Redis {
  const { url, socket, password } = options;
  const servername = serverNameOf(options);
  const retryIn = socket?.reconnectStrategy;
  return createOurClient({
    ...options,
    ...(url && { url: withPassword(url, password) }),
    name,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...(servername && { servername }),
      ...socket,
      reconnectStrategy: (retries: number, cause: Error) => {
        if (isHopeless(cause)) return false;
        return typeof retryIn === 'function' ? retryIn(retries, cause) : nextRetryIn(retries);
      },
    } as NonNullable<RedisOptions['socket']>,
  });
}

function createOurClient(options: RedisOptions) {
  return createClient({
    maintNotifications: 'disabled',
    disableClientInfo: true, // CLIENT SETINFO needs a right that cannot be given by its name before Redis 7.2
    ...options,
    RESP: 3,
    // A timer for each command costs about half of its CPU time; the watchdog bounds the waiting instead.
    commandOptions: { ...options.commandOptions, timeout: undefined },
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
