import { type Redis, withBuffers } from '../redis/client.ts';
import { runScript } from '../redis/script.ts';
import { sanitize } from '../text/sanitize.ts';
import { wrongField } from '../text/wrong-field.ts';
import { BATCH_BYTES } from './batch-size.ts';
import { deadLettersOf } from './keys.ts';

/** A message that could not be delivered; or, with a `problem`, something else that lies among the dead letters. */
export interface DeadLetter {
  /** The original bytes; with a `problem`, the beginning of what lies there. */
  readonly payload: Buffer;
  /** How many bytes that is in all. */
  readonly bytes: number;
  readonly reason: string;
  /** ISO time. */
  readonly at: string;
  /** Why it cannot be put back, fit to be shown. */
  readonly problem?: string;
  /** What removes it: the entry's id in a stream, the element of a list. */
  readonly handle: Buffer;
}

/** Dead letters that follow each other. */
export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** Removes some of these. Throws like a command. */
  remove(letters: readonly DeadLetter[]): Promise<void>;
}

/** Where a pattern keeps what could not be delivered. */
export interface DeadLetterStore {
  /** How many a topic has. */
  count(redis: Redis, topic: string): Promise<number>;
  /** All of a topic, oldest first, in bounded memory: a page is as large as a batch, or one letter. Throws like a command. */
  pages(redis: Redis, topic: string): AsyncIterable<DeadLetterPage>;
}

const PAGE_LETTERS = 1000;
/** Of what is larger than this, only the beginning is read: bytes. */
const LONGEST = 64 * 1024 * 1024;
const BEGINNING = 200;
const BOUNDS = [PAGE_LETTERS, BATCH_BYTES, LONGEST, BEGINNING].map(String);

/** Both scripts ask for few elements at a time, and for one after a large one: how large they are shows only then. */
const BOUNDS_IN_LUA = `
local most, most_bytes, longest, beginning = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local letters, bytes, largest, asked = {}, 0, 1, 1
local function is_full(size) return #letters > 0 and (#letters == most or bytes + size > most_bytes) end
local function add(size, letter)
  bytes, largest, letters[#letters + 1] = bytes + size, math.max(largest, size), letter
end
local function ask_for_more() asked = math.max(1, math.min(8, 2 * asked, math.floor((most_bytes - bytes) / largest))) end
local function beginning_of(text, size) return size > longest and text:sub(1, beginning) or text end
`;

/** KEYS: list. ARGV: index of the first, bounds. @returns for each element its size, and the element or its beginning */
const PAGE_OF_LIST = `${BOUNDS_IN_LUA}
local from = tonumber(ARGV[1])
repeat
  local elements = redis.call('LRANGE', KEYS[1], from, from + asked - 1)
  for _, element in ipairs(elements) do
    if is_full(#element) then return letters end
    add(#element, {#element, beginning_of(element, #element)})
  end
  local is_last = #elements < asked
  from = from + #elements
  ask_for_more()
until is_last or bytes >= most_bytes
return letters
`;

/** KEYS: stream. ARGV: where to begin, bounds. @returns for each entry its size, its id, and its fields and values, or their beginnings */
const PAGE_OF_STREAM = `${BOUNDS_IN_LUA}
local from = ARGV[1]
repeat
  local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', asked)
  for _, entry in ipairs(entries) do
    local size = 0
    for _, text in ipairs(entry[2]) do size = size + #text end
    if is_full(size) then return letters end
    for i, text in ipairs(entry[2]) do entry[2][i] = beginning_of(text, size) end
    add(size, {size, entry[1], entry[2]})
    from = '(' .. entry[1]
  end
  local is_last = #entries < asked
  ask_for_more()
until is_last or bytes >= most_bytes
return letters
`;

/**
 * One dead letter as an element of a list: a JSON object with `reason`, `at` (ISO time), `payload` (the original bytes in base64)
 * and `preview` (the beginning of the payload as harmless text).
 */
export function deadLetter(payload: Buffer, reason: string): string {
  return JSON.stringify({
    reason,
    at: new Date().toISOString(),
    payload: payload.toString('base64'),
    preview: sanitize(payload.toString('utf8', 0, 400), 100),
  });
}

/** Dead letters in a list, as `deadLetter` writes them. */
export const deadLettersInList: DeadLetterStore = {
  count: async (redis, topic) => await redis.lLen(deadLettersOf(topic)),

  async *pages(redis, topic) {
    const key = deadLettersOf(topic);
    for (let next = 0; ; ) {
      const reply = await runScript(withBuffers(redis), PAGE_OF_LIST, [key], [String(next), ...BOUNDS]);
      const letters = (reply as [number, Buffer][]).map(([size, element]) =>
        letterOf(size, element, element, fromJson),
      );
      if (letters.length === 0) return;
      next += letters.length;
      yield {
        letters,
        async remove(some) {
          const removed = await Promise.all(some.map(({ handle }) => redis.lRem(key, 1, handle)));
          next -= removed.reduce((sum, count) => sum + count, 0);
        },
      };
    }
  },
};

/** Dead letters in a stream: entries with the fields `payload` (the original bytes), `reason`, `at` and `id`. */
export const deadLettersInStream: DeadLetterStore = {
  count: async (redis, topic) => await redis.xLen(deadLettersOf(topic)),

  async *pages(redis, topic) {
    const key = deadLettersOf(topic);
    for (let from = '-'; ; ) {
      const reply = await runScript(withBuffers(redis), PAGE_OF_STREAM, [key], [from, ...BOUNDS]);
      const letters = (reply as [number, Buffer, Buffer[]][]).map(([size, id, fields]) =>
        letterOf(size, id, Buffer.concat(fields), () => fromFields(fields)),
      );
      const last = letters.at(-1);
      if (!last) return;
      from = `(${last.handle}`;
      yield {
        letters,
        async remove(some) {
          if (some.length > 0)
            await redis.xDel(
              key,
              some.map(({ handle }) => handle),
            );
        },
      };
    }
  },
};

type Content = Pick<DeadLetter, 'payload' | 'reason' | 'at'>;

/** @param read throws if it is no dead letter */
function letterOf(size: number, handle: Buffer, stored: Buffer, read: (stored: Buffer) => Content): DeadLetter {
  try {
    if (size > LONGEST) throw new Error(`larger than ${LONGEST / 1024 / 1024} MB`);
    const content = read(stored);
    return { ...content, bytes: content.payload.length, handle };
  } catch (error) {
    const problem = sanitize((error as Error).message, 120);
    return { payload: stored, bytes: size, reason: '', at: '', problem, handle };
  }
}

function fromJson(element: Buffer): Content {
  const data: unknown = JSON.parse(element.toString('utf8'));
  if (typeof data !== 'object' || data === null) throw new Error('not a JSON object');
  const { payload, payloadKey, bytes: size, reason, at } = data as Record<string, unknown>;
  if (typeof payloadKey === 'string') throw new Error(`too large to be shown: ${size} bytes, in the key ${payloadKey}`);
  if (typeof reason !== 'string') throw new Error(wrongField('reason', 'a string', reason));
  if (typeof at !== 'string') throw new Error(wrongField('at', 'a string', at));
  const bytes = Buffer.from(typeof payload === 'string' ? payload : '', 'base64');
  // Of what is not base64, some is left out when it is read.
  if (typeof payload !== 'string' || payload.length !== Math.ceil(bytes.length / 3) * 4)
    throw new Error(wrongField('payload', 'base64', payload));
  return { payload: bytes, reason, at };
}

function fromFields(fields: readonly Buffer[]): Content {
  const value = (name: string): Buffer => {
    const index = fields.findIndex((field, at) => at % 2 === 0 && field.toString() === name);
    if (index < 0) throw new Error(wrongField(name, 'text', undefined));
    return fields[index + 1] as Buffer;
  };
  return { payload: value('payload'), reason: String(value('reason')), at: String(value('at')) };
}
