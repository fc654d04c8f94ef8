import { v4 as uuid } from 'uuid';
import { BATCH_BYTES } from '../delivery/batch-size.ts';
import { ONCE_RIGHTS } from '../delivery/idempotency.ts';
import { deadLettersOf, keyOf } from '../delivery/keys.ts';
import type { BufferRedis, Redis } from '../redis/client.ts';
import { runKnownScript, runScript } from '../redis/script.ts';

/** The rights to publish to a list, as `Rights` of a pattern. */
export const LIST_PUBLISH_RIGHTS = ['~topic', 'rpush', 'llen', ...ONCE_RIGHTS] as const;

/** The rights to take from the head of a list, with what is too large to the dead letters, as `Rights` of a pattern. */
export const LIST_HEAD_RIGHTS = [
  ...['~topic', '~topic:*', 'eval', 'evalsha', 'llen', 'lrange', 'ltrim'],
  ...['rpush', 'set', 'del'], // the dead letters
] as const;

/** How a payload is added to a list. */
export const LIST_ADDITION = { add: `redis.call('RPUSH', KEYS[1], payload)`, length: `redis.call('LLEN', KEYS[1])` };

/**
 * Lua: `bury(payload, reason)` puts a payload that is too large for a dead letter into a key of its own, byte by byte, and a letter
 * that names the key among the dead letters. Expects `dead` (their list), `grave` (what the keys begin with) and `at` (ISO time).
 */
const BURY = `
local graves = 0
local function bury(payload, reason)
  graves = graves + 1
  local key = grave .. ':' .. graves
  redis.call('SET', key, payload)
  local letter = cjson.encode({reason = reason, at = at, bytes = #payload, payloadKey = key})
  local stored = redis.pcall('RPUSH', dead, letter)
  if type(stored) == 'table' then -- refused: or each further attempt would leave one more
    redis.call('DEL', key)
    redis.call('RPUSH', dead, letter) -- is refused again, and says why
  end
end
`;

/**
 * Lua: `readHead(wanted)` reads up to so many payloads from the head of the list KEYS[1] into \`payloads\`, in few steps, because only
 * then it shows how large they are; \`read\` counts all that it read. Those that are too large are buried, and told in \`tooLarge\`:
 * the size and the beginning of each. ARGV: what \`headArgs\` makes.
 */
export const READ_HEAD = `
local longest, mostBytes, dead, grave, at = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
${BURY}
local payloads, read, bytes, tooLarge = {}, 0, 0, {}
local function isTooLarge(payload)
  if #payload <= longest then return false end
  bury(payload, 'it has ' .. #payload .. ' bytes, and ' .. longest .. ' are allowed')
  tooLarge[#tooLarge + 1] = {#payload, payload:sub(1, 200)}
  return true
end
local function readHead(wanted)
  local asked, n = 4, 0
  while n < wanted and bytes < mostBytes do
    local part = redis.call('LRANGE', KEYS[1], read, read + math.min(asked, wanted - n) - 1)
    if #part == 0 then return end
    for i = 1, #part do
      local payload = part[i]
      local size = #payload
      if size <= longest or not isTooLarge(payload) then
        n, bytes = n + 1, bytes + size
        payloads[n] = payload
      end
    end
    read = read + #part
    asked = math.min(2 * asked, 16) -- after many small ones, many large ones may come
  end
end
`;

/** The first arguments of a script with READ_HEAD: it uses five. @param longest the most that a payload may have: bytes */
export const headArgs = (list: string, longest: number): string[] => [
  String(longest),
  String(BATCH_BYTES),
  deadLettersOf(list),
  graveOf(list),
  new Date().toISOString(),
];

/** What READ_HEAD tells of a payload that was too large. */
export type TooLarge = readonly [bytes: number, beginning: Buffer];

/** Takes payloads off the head of the list. KEYS: list. ARGV: as READ_HEAD, then how many. @returns them, and what was too large */
const POP = `${READ_HEAD}
redis.call('LTRIM', KEYS[1], 0, -1) -- what would be refused is refused here, before anything has changed
readHead(tonumber(ARGV[6]))
redis.call('LTRIM', KEYS[1], read, -1)
return {payloads, tooLarge}
`;

/** Pops up to so many payloads, and no more bytes than go into one batch. Those that are too large go to the dead letters. */
export async function popMany(redis: BufferRedis, list: string, count: number, longest: number) {
  const args = [...headArgs(list, longest), String(count)];
  return (await runKnownScript(redis, POP, [list], args)) as readonly [Buffer[], TooLarge[]];
}

/** ARGV: list of dead letters, beginning of the key, time, payload, reason. */
const BURY_ONE = `
local dead, grave, at = ARGV[1], ARGV[2], ARGV[3]
${BURY}
bury(ARGV[4], ARGV[5])
`;

/** Puts a payload that is too large for a dead letter among the dead letters, in a key of its own. */
export async function bury(redis: Redis, list: string, payload: Buffer, reason: string): Promise<void> {
  const args = [deadLettersOf(list), graveOf(list), new Date().toISOString(), payload, reason];
  await runScript(redis, BURY_ONE, [list], args);
}

const graveOf = (list: string): string => keyOf(list, 'dead', uuid());
