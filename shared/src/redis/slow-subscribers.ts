import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from './client.ts';

/** More bytes than this, held for one subscriber, mean that it does not keep up. Redis cuts it off at 32 MB. */
const MUCH_HELD = 1024 * 1024;
const ASK_EVERY_MS = 5;
/** No pause for a slow subscriber is longer (ms), so that one that stands still does not stop everybody. */
const PATIENCE_MS = 100;
/** After asking, nobody asks for this many times as long as the answer took: on a server with many clients it takes long. */
const ASK_SHARE = 3;

/** Connections whose names end so only look on: nobody waits for them, however slow they are. */
export const ONLOOKER = ':live';

/**
 * Holds up a publisher while Redis holds much for a Pub/Sub subscriber that does not keep up: it would be cut off. One for each
 * connection that publishes: its batches share a pause, so that they end in the order in which they began.
 */
export class SlowSubscribers {
  readonly #redis: Redis;
  #pause: Promise<void> | undefined;
  /** When Redis may be asked again: steady ms. */
  #nextQuestion = 0;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /**
   * Waits for a batch that is being published; meanwhile asks how much Redis holds, if it was not asked just now; and then waits
   * until publishing may go on, also if it was for another batch that Redis was asked.
   */
  async waitAfter<Reply>(publishing: Promise<Reply>): Promise<Reply> {
    const [reply, held] = await Promise.all([publishing, this.#heldNowAndThen()]);
    if (held > MUCH_HELD) this.#pause ??= this.#untilLessIsHeld();
    await this.#pause;
    return reply;
  }

  async #untilLessIsHeld(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    do await sleep(ASK_EVERY_MS);
    while (performance.now() < deadline && (await this.#heldForSlowest()) > MUCH_HELD);
    this.#pause = undefined;
  }

  /** As `#heldForSlowest`, but 0 without asking if the last answer is fresh. */
  async #heldNowAndThen(): Promise<number> {
    const askedAt = performance.now();
    if (askedAt < this.#nextQuestion) return 0;
    this.#nextQuestion = Number.POSITIVE_INFINITY;
    const held = await this.#heldForSlowest();
    const now = performance.now();
    this.#nextQuestion = now + ASK_SHARE * (now - askedAt);
    return held;
  }

  /** Bytes that Redis holds for the subscriber that is furthest behind; 0 where we may not ask. */
  async #heldForSlowest(): Promise<number> {
    const subscribers = await this.#redis.clientList({ TYPE: 'PUBSUB' }).catch(() => []);
    return subscribers.reduce((most, { name, omem }) => (name.endsWith(ONLOOKER) ? most : Math.max(most, omem)), 0);
  }
}
