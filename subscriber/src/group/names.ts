import { keyOf } from '@redis-messaging/shared/delivery/keys';
import type { Redis } from '@redis-messaging/shared/redis/client';

/** How long an account is kept after its last entry: ms. */
export const KEEP_MS = 24 * 60 * 60 * 1000;

/** The key of a subscriber's account, beside the messages of a partition. @param scope as for `Names` */
export const accountKey = (partition: string, scope: readonly string[], name: string): string =>
  `${keyOf(partition, ...scope, 'ledger')}:${name}`;

/** The names of the subscribers of a group that have an account in Redis. In Redis: a hash, with when each last said so (ISO time). */
export class Names {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #own: string;
  /** Whether our name has been among them. */
  #hasSaid = false;

  /** @param scope what sets the group apart from others of the topic: pattern, group */
  constructor(redis: Redis, topic: string, scope: readonly string[], own: string) {
    this.#redis = redis;
    this.#key = keyOf(topic, ...scope, 'ledger');
    this.#own = own;
  }

  /**
   * Says that our account is still needed, and forgets those that are not. Throws like a command.
   * @returns whether Redis did not know our name any more: then it has lost data
   */
  async renew(): Promise<boolean> {
    const names = await this.#redis.hGetAll(this.#key);
    const isForgotten = this.#hasSaid && !(this.#own in names);
    await this.#redis.hSet(this.#key, this.#own, new Date().toISOString());
    this.#hasSaid = true;
    const over = Object.entries(names).filter(([name, saidAt]) => name !== this.#own && isOver(saidAt));
    if (over.length > 0)
      await this.#redis.hDel(
        this.#key,
        over.map(([name]) => name),
      );
    await this.#redis.pExpire(this.#key, KEEP_MS);
    return isForgotten;
  }

  /** Those of the others. Throws like a command. */
  async others(): Promise<readonly string[]> {
    const names = Object.entries(await this.#redis.hGetAll(this.#key));
    return names.filter(([name, saidAt]) => name !== this.#own && !isOver(saidAt)).map(([name]) => name);
  }
}

/** Whether an account of which this was said last (ISO time) is kept no longer. */
const isOver = (saidAt: string): boolean => !(Date.now() - Date.parse(saidAt) <= KEEP_MS);
