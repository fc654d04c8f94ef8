import type { Acknowledgement } from '../../delivery/acknowledge.ts';
import { SLICE } from '../../redis/script.ts';
import { READ_HEAD } from '../lists.ts';

/**
 * Redis does not undo what a script did before Redis refuses one of its commands. So each script adds before it removes, and
 * tries the removal first with an element that no list has: what would be refused is refused before anything has changed. What is
 * nothing but counting is done by `try` (see `runScript`): without it, the rest is done all the same.
 */

/** Lua: ends the script with what its name's key holds, if the name is somebody else's. @param key @param token Lua expressions */
const unlessTaken = (key: string, token: string) => `
local holder = redis.call('GET', ${key})
if holder and holder:sub(1, #${token}) ~= ${token} then return holder end
`;

/**
 * Lua: a write that changes nothing, and that Redis accepts when its memory is full. After a script's first write, it refuses none for
 * that: so what adds no more than it removes goes on, and makes room. @param consumers a Lua expression: the set of them
 */
const evenIfFull = (consumers: string) => `redis.call('SREM', ${consumers}, '')\n`;

/** KEYS: consumers. ARGV: a consumer. */
export const ENTER = `${evenIfFull('KEYS[1]')}redis.call('SADD', KEYS[1], ARGV[1])`;

/**
 * Moves messages from the list to the processing list, as READ_HEAD reads them. The last ones of the processing list that were moved
 * before are returned as well. The consumer is entered each time: somebody may have emptied Redis. KEYS: list, processing list,
 * attempts, consumers, the consumer's name. ARGV: as READ_HEAD, then how many, how many before, consumer, its token, an element that no
 * list has.
 * @returns the payloads, what was too large, and whether attempts of any message are counted; or who has the name
 */
export const TAKE = `${unlessTaken('KEYS[5]', 'ARGV[9]')}
${evenIfFull('KEYS[4]')}redis.call('SADD', KEYS[4], ARGV[8])
${READ_HEAD}
local wanted, moved = tonumber(ARGV[6]), tonumber(ARGV[7])
local counted = redis.call('EXISTS', KEYS[3])
local before = {}
for _, payload in ipairs(moved > 0 and redis.call('LRANGE', KEYS[2], -moved, -1) or {}) do
  redis.call('LREM', KEYS[2], 1, ARGV[10])
  if isTooLarge(payload) then redis.call('LREM', KEYS[2], -1, payload) else before[#before + 1] = payload end
end
if wanted > 0 then
  redis.call('LTRIM', KEYS[1], 0, -1)
  readHead(wanted)
  for i = 1, #payloads, ${SLICE} do
    redis.call('RPUSH', KEYS[2], unpack(payloads, i, math.min(i + ${SLICE - 1}, #payloads)))
  end
  redis.call('LTRIM', KEYS[1], read, -1)
end
for i, payload in ipairs(before) do table.insert(payloads, i, payload) end
return {payloads, tooLarge, counted}
`;

/**
 * How long it is known which acknowledgement was the last: ms. One that is repeated later, after an outage of more than an hour, may take
 * a message with the same bytes.
 */
const KNOWN_MS = 3_600_000;

/** Lua. What an acknowledgement has removed is removed, even if its name is not kept. KEYS and arguments: as ACK. */
const KEEP_NAME = `try('SET', KEYS[3], ARGV[a + 1], 'PX', '${KNOWN_MS}')\n`;

/**
 * Removes the oldest messages from the processing list, for a consumer that knows them to be what it acknowledges, as long as nobody has
 * taken them over. Who does takes the newest first, so that the last one of these shows it. Not if attempts are counted, and not when it
 * is repeated: the oldest may be others by then, with the same bytes. KEYS: processing list, attempts, the last acknowledgement.
 * Arguments: a name for this one, first payload, last payload.
 */
export const ACK_OLDEST: Pick<Acknowledgement, 'check' | 'settle'> = {
  check: `
if isRepeated then return -1 end
local function at(index) return redis.call('LINDEX', KEYS[1], index) end
if at(0) ~= ARGV[a + 2] or at(n - 1) ~= ARGV[a + 3] or redis.call('EXISTS', KEYS[2]) == 1 then return -1 end
allOurs = true
`,
  settle: `redis.call('LTRIM', KEYS[1], n, -1)\n${KEEP_NAME}`,
};

/**
 * Removes messages from the processing list, and forgets their attempts. KEYS: processing list, attempts, the last acknowledgement.
 * Arguments: a name for this one, payloads, then the fields of their attempts.
 */
export const ACK: Pick<Acknowledgement, 'check' | 'settle'> = {
  check: `
local wasDone = isRepeated and redis.call('GET', KEYS[3]) == ARGV[a + 1]
for i = 1, n do state[i] = not wasDone and redis.call('LPOS', KEYS[1], ARGV[a + 1 + i]) and 1 or 2 end
`,
  settle: `
local counted = redis.call('EXISTS', KEYS[2]) == 1
for i = 1, n do
  if state[i] == 1 then
    redis.call('LREM', KEYS[1], 1, ARGV[a + 1 + i])
    if counted then try('HDEL', KEYS[2], ARGV[a + 1 + n + i]) end
  end
end
${KEEP_NAME}`,
};

/**
 * From the processing list to the dead letters. KEYS: processing list, dead letters, attempts. ARGV: payload, letter, field of
 * its attempts, an element that no list has. For `intoDeadLetters`.
 */
export const REJECT = `
if not redis.call('LPOS', KEYS[1], ARGV[1]) then return 0 end
redis.call('LREM', KEYS[1], 1, ARGV[4])
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('LREM', KEYS[1], 1, ARGV[1])
try('HDEL', KEYS[3], ARGV[3])
`;

/**
 * From the processing list back to the list. KEYS: processing list, list, attempts. ARGV: 'head' or 'tail', whether it counts
 * as an attempt ('1'), an element that no list has, then for each message its payload and the field of its attempts.
 * @returns how many were there
 */
export const REQUEUE = `
local moved = 0
for i = 4, #ARGV, 2 do
  if redis.call('LPOS', KEYS[1], ARGV[i]) then
    redis.call('LREM', KEYS[1], 1, ARGV[3])
    if ARGV[1] == 'head' then redis.call('LPUSH', KEYS[2], ARGV[i])
    else redis.call('RPUSH', KEYS[2], ARGV[i]) end
    redis.call('LREM', KEYS[1], 1, ARGV[i])
    if ARGV[2] == '1' then try('HINCRBY', KEYS[3], ARGV[i + 1], 1) end
    moved = moved + 1
  end
end
return moved
`;

/**
 * As REQUEUE to the head, for what nobody has in flight. One key more: the consumer's name; one argument more at the front: its token.
 * @returns how many were there; or who has the name
 */
export const REQUEUE_STRAYS = `${unlessTaken('KEYS[4]', 'ARGV[1]')}
table.remove(ARGV, 1)
${REQUEUE}`;

/**
 * Returns messages that a consumer had in flight to the head of the list, newest first, each with one attempt more, unless the
 * consumer is alive; then forgets a consumer that has nothing left. KEYS: its processing list, list, attempts, consumers, its
 * name. ARGV: its name, then for each message, newest first, the SHA-1 of its payload and the field of its attempts.
 * @returns how many it moved; -1 if the consumer is alive
 */
export const RECLAIM = `
if redis.call('EXISTS', KEYS[5]) == 1 then return -1 end
${evenIfFull('KEYS[4]')}local moved = 0
for i = 2, #ARGV, 2 do
  local payload = redis.call('LINDEX', KEYS[1], -1)
  if not payload or redis.sha1hex(payload) ~= ARGV[i] then break end
  redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')
  try('HINCRBY', KEYS[3], ARGV[i + 1], 1)
  moved = moved + 1
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SREM', KEYS[4], ARGV[1])
end
return moved
`;
