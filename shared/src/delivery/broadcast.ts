import { setTimeout as sleep } from 'node:timers/promises';
import type { Payload, Receipt } from '../patterns/pattern.ts';
import type { Redis } from '../redis/client.ts';
import { runScript } from '../redis/script.ts';

/** More bytes than this, held for one subscriber, mean that it does not keep up. Redis cuts it off at 32 MB. */
const MUCH_HELD = 1024 * 1024;
const ASK_EVERY_MS = 5;
/** No pause for a slow subscriber is longer (ms), so that one that stands still does not stop everybody. */
const PATIENCE_MS = 100;
/** After asking, nobody asks for so many times as long as the answer took: on a server with many clients it takes long. */
const ASK_SHARE = 3;

/** The batches of a connection share a pause, so that they end in the order in which they began. */
const pauses = new WeakMap<Redis, Promise<void>>();
/** When each connection may ask again: steady ms. */
const nextQuestion = new WeakMap<Redis, number>();

/**
 * Publishes a batch by a script: one command and one reply, because the client spends more on a command than Redis does.
 * Then pauses while Redis holds much for a subscriber that does not keep up: it would be cut off.
 */
export async function broadcast(
  redis: Redis,
  script: string,
  keys: readonly string[],
  args: readonly Payload[],
): Promise<Receipt> {
  const [reached, held] = await Promise.all([runScript(redis, script, keys, args), heldNowAndThen(redis)]);
  if (held > MUCH_HELD && !pauses.has(redis)) pauses.set(redis, pause(redis));
  await pauses.get(redis);
  return reached as number[];
}

/** Until less is held. */
async function pause(redis: Redis): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  do await sleep(ASK_EVERY_MS);
  while (performance.now() < deadline && (await heldForSlowest(redis)) > MUCH_HELD);
  pauses.delete(redis);
}

/** As `heldForSlowest`, but 0 without asking if the last answer is fresh: with many clients it takes Redis long. */
async function heldNowAndThen(redis: Redis): Promise<number> {
  const askedAt = performance.now();
  if (askedAt < (nextQuestion.get(redis) ?? 0)) return 0;
  nextQuestion.set(redis, Number.POSITIVE_INFINITY);
  const held = await heldForSlowest(redis);
  const now = performance.now();
  nextQuestion.set(redis, now + ASK_SHARE * (now - askedAt));
  return held;
}

/** Bytes that Redis holds for the subscriber that is furthest behind; 0 where we may not ask. */
async function heldForSlowest(redis: Redis): Promise<number> {
  const subscribers = await redis.clientList({ TYPE: 'PUBSUB' }).catch(() => []);
  return subscribers.reduce((most, { omem }) => Math.max(most, omem), 0);
}
