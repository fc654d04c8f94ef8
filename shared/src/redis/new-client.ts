import { createOneClient, type Redis, type RedisOptions } from './client.ts';
import { followingClient, type Locate } from './servers/following-client.ts';

/** How to reach a server: at an address; or wherever the one is that is in charge at the time. */
export type ServerOptions = RedisOptions & { readonly locate?: Locate | undefined };

const FIRST_RETRY_MS = 25;
/** The longest from one attempt to connect to the next. Half of the 2 s within which a service is to be ready again. */
export const LONGEST_RETRY_MS = 1000;

/**
 * A client that is not connected yet, with what every connection of ours needs.
 *
 * @param name what CLIENT LIST calls the connection
 * @param isHopeless whether another attempt to connect would fail for the same cause
 */
export function newClient(
  { locate, ...options }: ServerOptions,
  name: string,
  isHopeless: (cause: Error) => boolean,
): Redis {
  const given = options.socket?.reconnectStrategy;
  const retryIn = (retries: number, cause: Error) => {
    if (isHopeless(cause)) return false;
    return typeof given === 'function' ? given(retries, cause) : nextRetryIn(retries);
  };
  const create = (connecting: object) => createOneClient({ ...options, name }, connecting);
  if (!locate) return create({ reconnectStrategy: retryIn });
  return followingClient({
    locate,
    create: (address) => create({ ...address, reconnectStrategy: false }),
    retryIn: (retries, cause) => {
      const next = retryIn(retries, cause);
      return next === false ? cause : next;
    },
  });
}

/** Exponential backoff with jitter, in ms. */
function nextRetryIn(retries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** retries, LONGEST_RETRY_MS) * (0.5 + Math.random() / 2);
}
