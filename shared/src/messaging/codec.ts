import type { Payload } from '../delivery/delivery.ts';
import { excessOf } from '../text/nesting.ts';

/** How values become payloads, and payloads values. */
export interface Codec<Sent, Received = Sent> {
  encode(value: Sent): Payload;
  /** @throws an Error whose message says why, if the payload is not a value: it goes to the dead letters */
  decode(payload: Buffer): Received;
  /** The id of a value that is sent. Idempotency needs one. */
  idOf?(value: Sent): string | undefined;
  /** The id of a value that was received. Idempotency needs one; attempts are counted by it, else by the payload's bytes. */
  idIn?(value: Received): string | undefined;
}

/**
 * Values as JSON in UTF-8. What is nested deeper than 1,000 is not parsed: parsing that takes long.
 *
 * @param parse checks what was received, and returns it as a value; throws if it is not one. Without it, any JSON is taken as it is
 * @param idOf the id of a value, if it has one
 */
export function json<Value>(
  parse: (data: unknown) => Value = (data) => data as Value,
  idOf?: (value: Value) => string | undefined,
): Codec<Value> {
  return {
    encode: (value) => JSON.stringify(value),
    decode(payload) {
      const excess = excessOf(payload);
      if (excess) throw new Error(excess);
      return parse(JSON.parse(payload.toString('utf8')));
    },
    ...(idOf && { idOf, idIn: idOf }),
  };
}
