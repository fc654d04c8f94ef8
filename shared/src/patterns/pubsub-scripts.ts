/**
 * Publishes a batch. Redis runs scripts only for users whose ACL allows EVAL; inside, the permissions for channels hold.
 * ARGV: channel (of PUBLISH, it is no key), payloads.
 * @returns how many subscribers each payload reached
 */
export const PUBLISH_ALL = `
local reached = {}
for i = 2, #ARGV do reached[i - 1] = redis.call('PUBLISH', ARGV[1], ARGV[i]) end
return reached
`;

/** As PUBLISH_ALL. KEYS: channel, which in a cluster says whose shard it is. ARGV: payloads. */
export const SPUBLISH_ALL = `
local reached = {}
for i, payload in ipairs(ARGV) do reached[i] = redis.call('SPUBLISH', KEYS[1], payload) end
return reached
`;
