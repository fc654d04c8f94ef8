import type { Redis } from '../redis/client.ts';
import { runScript } from '../redis/script.ts';
import { type Idempotency, lengthsUpTo, type Payload, type Receipt } from './delivery.ts';
import { keyOf } from './keys.ts';

/** The rights that publishing once needs besides the addition, as `Rights` of a pattern. */
export const ONCE_RIGHTS = ['~topic:*', 'eval', 'exists', 'set'] as const;

/** How a pattern adds one payload to a topic: Lua that finds the topic in `KEYS[1]` and the payload in `payload`. */
export interface Addition {
  readonly add: string;
  /** Lua: an expression for the number of messages in the topic. */
  readonly length: string;
}

/**
 * Publishes what has not been published under its id, each payload with its mark, in one step. The mark comes after the payload,
 * so that a refusal leaves no mark without one, and is tried before it (in a way that writes nothing), so that a refusal leaves no
 * payload without one either. KEYS: topic, marks. ARGV: ms, payloads.
 */
const publishOnceScript = ({ add, length }: Addition) => `
local length = ${length}
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then
    local payload = ARGV[i]
    redis.call('SET', KEYS[i], '', 'XX')
    ${add}
    redis.call('SET', KEYS[i], '', 'PX', ARGV[1])
    length = length + 1
  end
end
return length
`;

/** Publishes what has not been published under its id. @returns as `publish` of a pattern */
export async function publishOnce(
  redis: Redis,
  topic: string,
  payloads: readonly Payload[],
  { ids, ttlMs }: Idempotency,
  addition: Addition,
): Promise<Receipt> {
  const marks = ids.map((id) => keyOf(topic, 'sent', id));
  const length = await runScript(redis, publishOnceScript(addition), [topic, ...marks], [String(ttlMs), ...payloads]);
  return lengthsUpTo(length as number, payloads.length);
}

/** Whether a mark is there, as far as Redis remembers. */
export async function isMarked(redis: Redis, mark: string): Promise<boolean> {
  return (await redis.exists(mark)) === 1;
}
