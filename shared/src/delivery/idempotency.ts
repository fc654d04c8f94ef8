import { v4 as uuid } from 'uuid';
import type { Payload, Receipt } from '../patterns/pattern.ts';
import type { Redis } from '../redis/client.ts';
import type { Connection } from '../redis/connection.ts';
import { runScript } from '../redis/script.ts';
import { lengthsUpTo } from './lengths.ts';

/** Makes something happen once for each message, by its id, however often it is tried. */
export interface Once {
  /** The ids of the messages, in their order. */
  readonly ids: readonly string[];
  /** How long Redis remembers an id: ms. Longer than any repetition can take. */
  readonly ttlMs: number;
}

/**
 * Adds payloads to a list or stream, each with its mark, in one step; not those that are marked. The mark comes after the payload, so
 * that a refusal leaves no mark without one. KEYS: list or stream, marks. ARGV: ms, 'list' or field of the stream, payloads.
 * @returns the length
 */
const PUBLISH_ONCE = `
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then
    if ARGV[2] == 'list' then redis.call('RPUSH', KEYS[1], ARGV[i + 1])
    else redis.call('XADD', KEYS[1], '*', ARGV[2], ARGV[i + 1]) end
    redis.call('SET', KEYS[i], '', 'PX', ARGV[1])
  end
end
return redis.call(ARGV[2] == 'list' and 'LLEN' or 'XLEN', KEYS[1])
`;

/** Publishes to a list, or to a stream under a field, what has not been published under its id. */
export async function publishOnce(
  redis: Redis,
  topic: string,
  payloads: readonly Payload[],
  { ids, ttlMs }: Once,
  kind: 'list' | string,
): Promise<Receipt> {
  const marks = ids.map((id) => `${topic}:sent:${id}`);
  const length = await runScript(redis, PUBLISH_ONCE, [topic, ...marks], [String(ttlMs), kind, ...payloads]);
  return lengthsUpTo(length as number, payloads.length);
}

/**
 * The end of a script that acknowledges: marks messages as handled. KEYS: counter, marks, then the script's own. ARGV: who
 * marks, ms, number of marks, then the script's own.
 * @returns for each message 1, or 0 if somebody else has marked it
 */
const MARK_HANDLED = `
local answers, handled = {}, 0
for i = 2, 1 + ARGV[3] do
  local mine = ARGV[1] .. i -- a message may be there twice
  local new = redis.call('SET', KEYS[i], mine, 'NX', 'PX', ARGV[2])
  if new then handled = handled + 1 end
  answers[#answers + 1] = (new or redis.call('GET', KEYS[i]) == mine) and 1 or 0
end
if handled > 0 then redis.call('INCRBY', KEYS[1], handled) end -- an effect that happens once
return answers
`;

/** What a script of a pattern acknowledges with. */
interface Acknowledgement {
  /** Lua that returns nothing. */
  readonly script: string;
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
}

/**
 * Acknowledges and marks as handled in one step, which is repeated until Redis answers or the signal aborts (`undefined`).
 *
 * @param counter the key that counts what has been handled; the marks' names begin with it
 * @returns whether each was marked now, and not before
 */
export async function acknowledgeOnce(
  redis: Connection,
  signal: AbortSignal,
  counter: string,
  { ids, ttlMs }: Once,
  { script, keys, args }: Acknowledgement,
): Promise<readonly boolean[] | undefined> {
  const marks = ids.map((id) => handledMark(counter, id));
  const caller = uuid(); // a repetition knows its own marks by it
  const answers = await redis.survive(signal, () =>
    runScript(
      redis.client,
      `do local KEYS, ARGV = {unpack(KEYS, 2 + ARGV[3])}, {unpack(ARGV, 4)}\n${script}\nend\n${MARK_HANDLED}`,
      [counter, ...marks, ...keys],
      [caller, String(ttlMs), String(ids.length), ...args],
    ),
  );
  return (answers as number[] | undefined)?.map((answer) => answer === 1);
}

/** Whether a message has been handled, as far as Redis remembers. */
export async function isMarked(redis: Redis, counter: string, id: string): Promise<boolean> {
  return (await redis.exists(handledMark(counter, id))) === 1;
}

const handledMark = (counter: string, id: string): string => `${counter}:${id}`;
