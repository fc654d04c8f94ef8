import type { ErrorReply } from 'redis';
import type { Redis } from './client.ts';

/** A right that Redis did not find in the user of a connection (ACL). */
export interface Refusal {
  readonly user: string;
  /** What was refused: a command, or the use of a key or channel. */
  readonly of: 'command' | 'key' | 'channel';
  /** The command by its name in ACL rules, such as `client|list`; for keys and channels known only where a script has it. */
  readonly command: string | undefined;
}

type Hear = (refusal: Refusal) => void;
type Connected = Pick<Redis, '_getQueue' | 'options'>;

/** Those who hear of a client's refusals, by its decoder. */
const hearers = new WeakMap<object, Set<Hear>>();

/**
 * Calls the listener for each command of a client that Redis refuses for want of a right, whoever sent it and whatever becomes of the
 * error. It hears the error replies where the client decodes them, because of most of them nobody else would say anything, and any
 * other place costs something for each command. What is refused inside of a script is told by those who run it. @returns ends it
 */
export function hearRefusals(redis: Connected, hear: Hear): () => void {
  const decoder = decoderOf(redis);
  if (!decoder) return () => {};
  const all = hearers.get(decoder) ?? new Set();
  if (!hearers.has(decoder)) {
    hearers.set(decoder, all);
    const { onErrorReply } = decoder;
    decoder.onErrorReply = (error: ErrorReply) => {
      if (!IN_SCRIPT.test(error.message)) tellRefusal(redis, error.message);
      return onErrorReply(error);
    };
  }
  all.add(hear);
  return () => all.delete(hear);
}

/**
 * Tells those who hear of a client's refusals, if a message of Redis says that the user lacks a right.
 * @param command if it is known; Redis does not always name it
 */
export function tellRefusal(redis: Connected, message: string, command?: string): void {
  const hear = hearers.get(decoderOf(redis) ?? redis);
  if (!hear || !isRefusal(message)) return;
  const user = /User (.+) has no permissions/.exec(message)?.[1] ?? redis.options?.username ?? 'default';
  const named = /run the '([^']+)' command/.exec(message)?.[1];
  const of = named ? 'command' : (/\b(key|channel)s?\b/.exec(message)?.[1] as 'key' | 'channel' | undefined);
  for (const each of hear) each({ user, of: of ?? 'command', command: named ?? command });
}

/** Whether a message of Redis says that the user lacks a right, for a command or for one inside of a script. */
export const isRefusal = (message: string): boolean =>
  /^(EXECABORT .* because of: )?(NOPERM|ERR (The user executing the script can't|ACL failure in script))/.test(message);

const IN_SCRIPT = /, on @user_script:\d+/;

/** Not there in a client of another version of node-redis. */
const decoderOf = (redis: Connected) => redis._getQueue?.()?.decoder;
