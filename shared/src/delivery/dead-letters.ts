import { type Redis, withBuffers } from '../redis/client.ts';
import { sanitize } from '../text/sanitize.ts';
import { deadLettersOf } from './keys.ts';

/** A message that could not be delivered. */
export interface DeadLetter {
  /** The original bytes. */
  readonly payload: Buffer;
  readonly reason: string;
  /** ISO time. */
  readonly at: string;
  /** What removes it: the entry's id in a stream, the element of a list. */
  readonly handle: string;
}

/** Where a pattern keeps what could not be delivered. */
export interface DeadLetterStore {
  /** All of a topic, oldest first. */
  list(redis: Redis, topic: string): Promise<DeadLetter[]>;
  remove(redis: Redis, topic: string, letter: DeadLetter): Promise<void>;
}

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
  async list(redis, topic) {
    return (await redis.lRange(deadLettersOf(topic), 0, -1)).map((element) => {
      const { payload, reason, at } = JSON.parse(element);
      return { payload: Buffer.from(payload, 'base64'), reason, at, handle: element };
    });
  },
  async remove(redis, topic, { handle }) {
    await redis.lRem(deadLettersOf(topic), 1, handle);
  },
};

/** Dead letters in a stream: entries with the fields `payload` (the original bytes), `reason`, `at` and `id`. */
export const deadLettersInStream: DeadLetterStore = {
  async list(redis, topic) {
    const entries = (await withBuffers(redis).xRange(deadLettersOf(topic), '-', '+')) ?? [];
    return entries.map(({ id, message }) => {
      const { payload = Buffer.alloc(0), reason, at } = message as unknown as Record<string, Buffer>;
      return { payload, reason: String(reason), at: String(at), handle: String(id) };
    });
  },
  async remove(redis, topic, { handle }) {
    await redis.xDel(deadLettersOf(topic), handle);
  },
};
