import { createClient, RESP_TYPES, type RedisClientType, type RedisDefaultModules } from 'redis';
import { type RedisOptions, serverNameOf } from './options.ts';

export type { RedisOptions };

/** A client of node-redis: one connection to Redis, with the commands as methods. */
export type Redis = ReturnType<typeof ofOurKind>;

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
/** A client that is not connected yet. @param connecting what is to be different when it connects */
export function createOneClient(options: RedisOptions, connecting: object): Redis {
  const { url, socket, password } = options;
  const own = { ...socket, ...connecting } as NonNullable<RedisOptions['socket']>;
  const servername = serverNameOf({ ...options, socket: own });
  return createOurClient({
    ...options,
    ...(url && { url: withPassword(url, password) }),
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...(servername && { servername }),
      ...own,
    } as NonNullable<RedisOptions['socket']>,
  });
}

const ofOurKind = () => createClient({ RESP: 3 });
let first: Redis | undefined;

/**
 * Each is a duplicate, because `createClient` makes a class with all commands anew for options that it has not had the last time: for
 * the many connections to a Cluster, seconds of CPU time.
 */
function createOurClient(options: RedisOptions): Redis {
  first ??= ofOurKind();
  return first.duplicate({
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
