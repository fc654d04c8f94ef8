import type { PublishedSession } from '../../accounting/sessions/published.ts';
import { readPublished } from '../../accounting/stored.ts';
import { keyOf } from '../../delivery/keys.ts';
import type { Redis } from '../../redis/client.ts';

/** How long it is remembered what a publisher told last: ms. */
const KEEP_MS = 24 * 60 * 60 * 1000;

/** Hash: what the publishers of a topic tell of their sessions, by session. */
const publishedKey = (topic: string, pattern: string): string => keyOf(topic, pattern, 'published');

/** Tells what a publisher has published, in place of what it told before. Throws like a command. */
export async function tellPublished(
  redis: Redis,
  topic: string,
  pattern: string,
  session: string,
  told: PublishedSession,
): Promise<void> {
  const key = publishedKey(topic, pattern);
  await redis.hSet(key, session, JSON.stringify(told));
  await redis.pExpire(key, KEEP_MS);
}

/** Forgets what publishers told that have told nothing for a day. Throws like a command. */
export async function forgetOldPublished(redis: Redis, topic: string, pattern: string): Promise<void> {
  const key = publishedKey(topic, pattern);
  const old = Object.entries(await redis.hGetAll(key)).filter(([, text]) => !isRecent(readPublished(text)));
  if (old.length > 0)
    await redis.hDel(
      key,
      old.map(([session]) => session),
    );
}

/** What the publishers of a topic told last, by session; what is not as they tell it is left out. Throws like a command. */
export async function publishedOf(
  redis: Redis,
  topic: string,
  pattern: string,
): Promise<ReadonlyMap<string, PublishedSession>> {
  const all = new Map<string, PublishedSession>();
  for (const [session, text] of Object.entries(await redis.hGetAll(publishedKey(topic, pattern)))) {
    const told = readPublished(text);
    if (told && isRecent(told)) all.set(session, told);
  }
  return all;
}

const isRecent = (told: PublishedSession | undefined): boolean => told !== undefined && Date.now() - told.at <= KEEP_MS;
