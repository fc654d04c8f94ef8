/** Acknowledges entries. KEYS: stream. ARGV: group, ids. */
export const ACK = `redis.call('XACK', KEYS[1], unpack(ARGV))`;

/**
 * Adds entries of one field: all or none, because whatever Redis refuses (no memory, no stream) it refuses from the first.
 * KEYS: stream. ARGV: name of the field, payloads.
 * @returns the length of the stream with them
 */
export const ADD_ALL = `
for i = 2, #ARGV do redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[i]) end
return redis.call('XLEN', KEYS[1])
`;

/**
 * Acknowledges an entry and, if it was still pending, adds it to the dead letters, in one step.
 * KEYS: stream, dead letters. ARGV: group, id, name of the payload's field, payload, reason, time.
 */
export const REJECT = `
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('XADD', KEYS[2], '*', ARGV[3], ARGV[4], 'reason', ARGV[5], 'at', ARGV[6], 'id', ARGV[2])
end
`;

/**
 * Removes the oldest entries of a stream that is longer than ARGV[1], up to 1,000 at a time, but none that a group has yet to
 * read or to acknowledge. KEYS: stream.
 */
export const TRIM_ACKNOWLEDGED = `
local over = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[1])
if over <= 0 then return 0 end
local function before(a, b)
  local ams, aseq = a:match('(%d+)-(%d+)')
  local bms, bseq = b:match('(%d+)-(%d+)')
  if ams ~= bms then return tonumber(ams) < tonumber(bms) end
  return tonumber(aseq) < tonumber(bseq)
end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', math.min(over, 1000) + 1)
local keep = oldest[#oldest][1]
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
  local needed = group['last-delivered-id']
  if group['pending'] > 0 then needed = redis.call('XPENDING', KEYS[1], group['name'])[2] end
  if before(needed, keep) then keep = needed end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '=', keep)
`;
