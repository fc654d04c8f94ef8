import { v4 as uuid } from 'uuid';
import type { Acknowledgement } from '../../delivery/acknowledge.ts';
import { SLICE } from '../../redis/script.ts';

/**
 * Redis acknowledges and claims an entry for anybody who asks, whoever it belongs to. So each script looks first whether the
 * entry is still its consumer's, and changes nothing if it is not. And, because Redis does not undo what a script did before Redis
 * refuses one of its commands, each adds before it removes.
 */

/** What `ownerOf` returns for an entry of the consumer. */
export const OURS = 1;

/** Lua: whether an entry is pending for a consumer: 1 = it is, 2 = it is not pending, 3 = it is somebody else's. */
const OWNER = `
local function ownerOf(group, consumer, id)
  local pending = redis.call('XPENDING', KEYS[1], group, id, id, 1)[1]
  if not pending then return 2 end
  return pending[2] == consumer and 1 or 3
end
`;

/**
 * Acknowledges entries. They need not be looked at one by one if no lease can have run out, and as many are pending for the consumer as
 * it has in flight, or more, which are on their way to it. But while some may be on their way, that proves nothing, unless nothing is
 * pending for anybody else. KEYS: stream. Arguments: group, consumer, how many it has in flight (-1 = look at each), '1' if some may be on
 * their way, ids in one text, which costs this process less than as many arguments.
 */
export const ACK: Pick<Acknowledgement, 'check' | 'settle'> = {
  check: `${OWNER}
local inFlight, mayBeMore, ids = tonumber(ARGV[a + 3]), ARGV[a + 4] == '1', {}
for id in ARGV[a + 5]:gmatch('%S+') do ids[#ids + 1] = id end
if inFlight >= 0 then
  local owners = redis.call('XPENDING', KEYS[1], ARGV[a + 1])[4] or {}
  for _, owner in ipairs(owners) do
    local pending = tonumber(owner[2])
    if owner[1] == ARGV[a + 2] then
      if #owners == 1 then allOurs = pending >= inFlight else allOurs = pending == inFlight and not mayBeMore end
    end
  end
end
if not allOurs then
  for i = 1, n do state[i] = ownerOf(ARGV[a + 1], ARGV[a + 2], ids[i]) end
end
`,
  settle: `
if allOurs then
  for i = 1, n, ${SLICE} do redis.call('XACK', KEYS[1], ARGV[a + 1], unpack(ids, i, math.min(i + ${SLICE - 1}, n))) end
else
  for i = 1, n do
    if state[i] == 1 then redis.call('XACK', KEYS[1], ARGV[a + 1], ids[i]) end
  end
end
`,
};

/** How a payload is added to a stream. One fixed field, because the client's replies drop or merge fields of certain names. */
export const FIELD = 'payload';
export const STREAM_ADDITION = {
  add: `redis.call('XADD', KEYS[1], '*', '${FIELD}', payload)`,
  length: `redis.call('XLEN', KEYS[1])`,
};

/**
 * Adds entries of one field: all or none, because whatever Redis refuses (no memory, no stream) it refuses from the first.
 * KEYS: stream. ARGV: name of the field, payloads.
 * @returns the length of the stream with them
 */
export const ADD_ALL = `
local length = redis.call('XLEN', KEYS[1])
for i = 2, #ARGV do redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[i]) end
return length + #ARGV - 1
`;

/**
 * Reads new entries for a consumer, in few steps, because only then it shows how large they are. KEYS: stream. ARGV: group, consumer,
 * how many at the most, bytes beyond which no more are read, name of the payload's field.
 * @returns the ids, in one text, and the payloads, because Redis and the client spend more on a reply's structure than on its bytes;
 * fewer than asked for if that is all there is, or if they are large; and their bytes
 */
export const READ_NEW = `
local wanted, most, field = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local ids, payloads, n, bytes = {}, {}, 0, 0
local function payloadOf(fields) -- that of somebody else's entry may have another name
  for i = 1, #fields, 2 do if fields[i] == field then return fields[i + 1] end end
  return fields[2]
end
while n < wanted and bytes < most do
  local count = math.min(16, wanted - n) -- after many small ones, many large ones may come
  local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', count, 'STREAMS', KEYS[1], '>')
  if not reply then break end
  local read = reply[1][2]
  for i = 1, #read do
    local fields = read[i][2]
    local payload = fields[2]
    if fields[1] ~= field then payload = payloadOf(fields) end
    ids[n + i], payloads[n + i] = read[i][1], payload
    bytes = bytes + #payload
  end
  n = n + #read
  if #read < count then break end
end
return {table.concat(ids, ' '), payloads, bytes}
`;

/** In place of a payload that is too large to be sent: no payload is this. */
export const COPY = uuid();

/**
 * Adds an entry to the dead letters and acknowledges it. KEYS: stream, dead letters. ARGV: group, consumer, id, name of the
 * payload's field, payload (or `COPY`: what the stream has), reason, time. For `intoDeadLetters`.
 */
export const REJECT = `${OWNER}
if ownerOf(ARGV[1], ARGV[2], ARGV[3]) ~= 1 then return 0 end
redis.call('XACK', KEYS[1], ARGV[1], '0-0') -- what would be refused is refused here, before anything has changed
local payload = ARGV[5]
if payload == '${COPY}' then
  local fields = (redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3])[1] or {'', {'', ''}})[2]
  payload = fields[2]
  for i = 1, #fields, 2 do if fields[i] == ARGV[4] then payload = fields[i + 1] end end
end
redis.call('XADD', KEYS[2], '*', ARGV[4], payload, 'reason', ARGV[6], 'at', ARGV[7], 'id', ARGV[3])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
`;

/**
 * Renews the lease of entries: they have been idle for no time. KEYS: stream. ARGV: group, consumer, ids.
 * @returns for each its owner, as \`ownerOf\`
 */
export const RENEW = `${OWNER}
local owners = {}
for i = 3, #ARGV do
  owners[i - 2] = ownerOf(ARGV[1], ARGV[2], ARGV[i])
  if owners[i - 2] == 1 then redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID') end
end
return owners
`;

/**
 * Makes entries free to be claimed by anybody at once, without counting the attempt. KEYS: stream. ARGV: group, consumer, how
 * long they are to have been idle (ms), then for each entry its id and the number of attempts before.
 */
export const REQUEUE = `${OWNER}
for i = 4, #ARGV, 2 do
  if ownerOf(ARGV[1], ARGV[2], ARGV[i]) == 1 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'IDLE', ARGV[3], 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
  end
end
`;

/** What TRIM_ACKNOWLEDGED returns of a stream that is no longer too long. */
const TRIMMED = 0;
/** ... of one that is, of which more may be removed. */
export const MORE_TO_TRIM = 1;
/** ... of one that is, of which a group needs the oldest entry. */
export const STILL_NEEDED = 2;

/** How many entries TRIM_ACKNOWLEDGED removes at the most. */
const MOST_TRIMMED = 10_000;
/** How many of them one by one: the position of an entry is only to be had by reading all before it. */
const MOST_READ = 100;

/**
 * Removes the oldest entries of a stream that is longer than ARGV[1], but none that a group has yet to read or to acknowledge: whole
 * nodes of the stream, of which Redis knows the length; where that is not possible, some entries. KEYS: stream.
 * @returns `TRIMMED`, `MORE_TO_TRIM` or `STILL_NEEDED`
 */
export const TRIM_ACKNOWLEDGED = `
local over = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[1])
if over <= 0 then return ${TRIMMED} end
local function before(a, b)
  local ams, aseq = a:match('(%d+)-(%d+)')
  local bms, bseq = b:match('(%d+)-(%d+)')
  if ams ~= bms then return tonumber(ams) < tonumber(bms) end
  return tonumber(aseq) < tonumber(bseq)
end
local keep = '18446744073709551615-18446744073709551615'
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
  local needed = group['last-delivered-id']
  if group['pending'] > 0 then needed = redis.call('XPENDING', KEYS[1], group['name'])[2] end
  if before(needed, keep) then keep = needed end
end
local removed = redis.call('XTRIM', KEYS[1], 'MINID', '~', keep, 'LIMIT', math.min(over, ${MOST_TRIMMED}))
if removed == 0 then
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', math.min(over, ${MOST_READ}) + 1)
  local last = oldest[#oldest][1]
  if before(last, keep) then keep = last end
  removed = redis.call('XTRIM', KEYS[1], 'MINID', '=', keep)
end
if removed == 0 then return ${STILL_NEEDED} end
return removed < over and ${MORE_TO_TRIM} or ${TRIMMED}
`;
