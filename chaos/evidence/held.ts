import { deadLettersOf, keyOf } from '@redis-messaging/shared/delivery/keys';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { type Redis, withBuffers } from '@redis-messaging/shared/redis/client';
import { allDeadLetters } from '../../testkit/all-dead-letters.ts';
import { keyOfPayload, sha1 } from '../payload.ts';
import type { Held } from './evidence.ts';

/** The field of a stream's entry that holds the payload. */
const FIELD = 'payload';

/** What Redis holds of a pattern's topic, message by message, read without the pattern's help (but for dead letters). */
export async function heldOf(redis: Redis, pattern: Pattern, group: string): Promise<Held> {
  const name = pattern.topic.default;
  const letters = await allDeadLetters(redis, pattern, name);
  const dead = letters.map(({ payload }) => ({ key: keyOfPayload(payload), sha1: sha1(payload) }));
  if ((await redis.type(name)) === 'stream') return { ...(await heldInStream(redis, name, group)), dead };
  const waiting = await elementsOf(redis, name);
  const inFlight: string[] = [];
  // Any other list that belongs to the topic is somebody's who has taken something from it.
  for await (const keys of redis.scanIterator({ MATCH: keyOf(name, '*'), TYPE: 'list', COUNT: 10_000 }))
    for (const key of keys) if (key !== deadLettersOf(name)) inFlight.push(...(await elementsOf(redis, key)));
  return { waiting, inFlight, dead };
}

async function elementsOf(redis: Redis, list: string): Promise<string[]> {
  return ((await withBuffers(redis).lRange(list, 0, -1)) as Buffer[]).map(keyOfPayload);
}

async function heldInStream(redis: Redis, name: string, group: string): Promise<Pick<Held, 'waiting' | 'inFlight'>> {
  const entries = ((await withBuffers(redis).xRange(name, '-', '+')) ?? []).map(({ id, message }) => {
    const payload = (message as unknown as Record<string, Buffer>)[FIELD];
    return [String(id), payload ? keyOfPayload(payload) : String(id)] as const;
  });
  const keys = new Map(entries);
  const state = (await redis.xInfoGroups(name)).find((each) => each.name === group);
  const last = state?.['last-delivered-id'] ?? '0-0';
  const waiting = entries.filter(([id]) => isAfter(id, last)).map(([, key]) => key);
  const pending = state ? await redis.xPendingRange(name, group, '-', '+', Math.max(1, Number(state.pending))) : [];
  return { waiting, inFlight: pending.map(({ id }) => keys.get(id) ?? id) };
}

/** Whether an entry's id comes after another. */
function isAfter(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && sequence > otherSequence);
}
