import { RESP_TYPES } from 'redis';
import type { Pattern } from '../patterns/pattern.ts';
import type { Redis } from '../redis/client.ts';
import { deadLettersOf } from './dead-letters.ts';

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

/** The dead letters of a topic, oldest first, be they in a list or in a stream. */
export async function listDeadLetters(redis: Redis, topic: string): Promise<DeadLetter[]> {
  const key = deadLettersOf(topic);
  return (await redis.type(key)) === 'stream'
    ? await ofStream(redis, key)
    : (await redis.lRange(key, 0, -1)).map(ofElement);
}

/**
 * Puts a dead letter back into its topic, as it was published. First back, then off the dead letters: a crash in between
 * leaves it in both, never in none.
 */
export async function replay(redis: Redis, pattern: Pattern, topic: string, letter: DeadLetter): Promise<void> {
  await pattern.publish(redis, topic, [letter.payload]);
  const key = deadLettersOf(topic);
  if ((await redis.type(key)) === 'stream') await redis.xDel(key, letter.handle);
  else await redis.lRem(key, 1, letter.handle);
}

async function ofStream(redis: Redis, key: string): Promise<DeadLetter[]> {
  const entries = (await redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).xRange(key, '-', '+')) ?? [];
  return entries.map(({ id, message }) => {
    const fields = message as unknown as Record<string, Buffer>;
    return {
      payload: fields.payload ?? Buffer.alloc(0),
      reason: String(fields.reason),
      at: String(fields.at),
      handle: String(id),
    };
  });
}

function ofElement(element: string): DeadLetter {
  const { payload, reason, at } = JSON.parse(element);
  return { payload: Buffer.from(payload, 'base64'), reason, at, handle: element };
}
