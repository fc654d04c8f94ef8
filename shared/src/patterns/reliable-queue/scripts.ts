/**
 * Moves up to ARGV[1] messages from the list to the processing list. ARGV[2] messages at the end of the processing list were
 * moved before and are returned as well. KEYS: list, processing list, attempts.
 * @returns the payloads, and how often each has been delivered in vain (null: never)
 */
export const TAKE = `
local taken = redis.call('LPOP', KEYS[1], ARGV[1]) or {}
if #taken > 0 then redis.call('RPUSH', KEYS[2], unpack(taken)) end
local moved = tonumber(ARGV[2])
if moved > 0 then taken = redis.call('LRANGE', KEYS[2], -(#taken + moved), -1) end
local attempts = {}
if redis.call('EXISTS', KEYS[3]) == 1 then
  for i, payload in ipairs(taken) do attempts[i] = redis.call('HGET', KEYS[3], redis.sha1hex(payload)) end
end
return {taken, attempts}
`;

/**
 * Empties the processing list if it holds just what is acknowledged, which the number, the first and the last message show,
 * and if no attempts are counted. KEYS: processing list, attempts. ARGV: number, first payload, last payload.
 * @returns 1 if it did
 */
export const ACK_ALL = `
local function at(index) return redis.call('LINDEX', KEYS[1], index) end
if redis.call('LLEN', KEYS[1]) ~= tonumber(ARGV[1]) or at(0) ~= ARGV[2] or at(-1) ~= ARGV[3] then return 0 end
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
return redis.call('DEL', KEYS[1])
`;

/** Removes messages from the processing list. KEYS: processing list, attempts. ARGV: payloads. */
export const ACK = `
local counted = redis.call('EXISTS', KEYS[2]) == 1
for _, payload in ipairs(ARGV) do
  redis.call('LREM', KEYS[1], 1, payload)
  if counted then redis.call('HDEL', KEYS[2], redis.sha1hex(payload)) end
end
`;

/** From the processing list to the dead letters. KEYS: processing list, dead letters, attempts. ARGV: payload, letter. */
export const REJECT = `
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('RPUSH', KEYS[2], ARGV[2]) end
redis.call('HDEL', KEYS[3], redis.sha1hex(ARGV[1]))
`;

/**
 * From the processing list back to the list. KEYS: processing list, list, attempts. ARGV: 'head' or 'tail', whether it counts
 * as an attempt ('1'), payloads.
 */
export const GIVE_BACK = `
for i = 3, #ARGV do
  if redis.call('LREM', KEYS[1], 1, ARGV[i]) == 1 then
    redis.call(ARGV[1] == 'head' and 'LPUSH' or 'RPUSH', KEYS[2], ARGV[i])
    if ARGV[2] == '1' then redis.call('HINCRBY', KEYS[3], redis.sha1hex(ARGV[i]), 1) end
  end
end
`;

/**
 * Returns all that a consumer has in hand to the head of the list, in order, each with one attempt more, unless the consumer
 * is alive; then forgets it, if it was another. KEYS: its processing list, list, attempts, consumers, its sign of life ('' = do
 * not look). ARGV: its name.
 */
export const RECLAIM = `
if KEYS[5] ~= '' and redis.call('EXISTS', KEYS[5]) == 1 then return 0 end
local moved = 0
while true do
  local payload = redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')
  if not payload then break end
  redis.call('HINCRBY', KEYS[3], redis.sha1hex(payload), 1)
  moved = moved + 1
end
if KEYS[5] ~= '' then redis.call('SREM', KEYS[4], ARGV[1]) end
return moved
`;
