import type { Ledger, StoredLedger } from '@redis-messaging/shared/accounting/ledger';
import { throttle } from '@redis-messaging/shared/delivery/throttle';
import type { Redis } from '@redis-messaging/shared/redis/client';

/** How long the books are kept after the last entry: ms. */
const KEEP_MS = 24 * 60 * 60 * 1000;
const RENEW_EVERY_MS = 60_000;

const SENDER = 'sender:';
const CLOSED = 'closed';

/**
 * Keeps a subscriber's ledger in Redis, under the subscriber's name, so that its next life goes on with it: what was lost by a
 * crash, or while it was away, then shows as a gap. Other subscribers leave their names beside it.
 */
export class Books {
  readonly #redis: Redis;
  readonly #ledger: Ledger;
  /** Hash: the names of all subscribers, and when they last said so (ISO time). */
  readonly #namesKey: string;
  /** Hash: this subscriber's ledger, a field for each sender. */
  readonly #key: string;
  readonly #consumer: string;
  readonly #isTimeToRenew = throttle(RENEW_EVERY_MS);
  readonly #unsaved = new Map<string, string | null>();

  /** @param scope what sets these books apart from others: topic, pattern, group */
  constructor(redis: Redis, ledger: Ledger, scope: readonly string[], consumer: string) {
    this.#redis = redis;
    this.#ledger = ledger;
    this.#namesKey = [...scope, 'books'].join(':');
    this.#key = `${this.#namesKey}:${consumer}`;
    this.#consumer = consumer;
  }

  /** Takes over the ledger of an earlier life. Throws like a command. */
  async open(): Promise<void> {
    const fields = Object.entries(await this.#redis.hGetAll(this.#key));
    const senders = fields
      .filter(([field]) => field.startsWith(SENDER))
      .map(([field, runs]) => [field.slice(SENDER.length), JSON.parse(runs)]);
    const closed = fields.find(([field]) => field === CLOSED)?.[1] ?? '{}';
    this.#ledger.restore({ senders: Object.fromEntries(senders), ...JSON.parse(closed) });
    await this.#renew();
  }

  /** Stores what has changed. Throws like a command; what could not be stored is stored the next time. */
  async save(): Promise<void> {
    this.#collect(this.#ledger.changes());
    const unsaved = [...this.#unsaved];
    const kept = unsaved.filter((entry): entry is [string, string] => entry[1] !== null);
    const gone = unsaved.filter(([, value]) => value === null).map(([field]) => field);
    if (kept.length > 0) await this.#redis.hSet(this.#key, new Map(kept));
    if (gone.length > 0) await this.#redis.hDel(this.#key, gone);
    for (const [field, value] of unsaved) if (this.#unsaved.get(field) === value) this.#unsaved.delete(field);
    if (this.#isTimeToRenew()) await this.#renew();
  }

  /** Whether no other subscriber has read here for as long as books are kept; `false` if Redis does not say. */
  async areTheOnlyOnes(): Promise<boolean> {
    if (!this.#redis.isReady) return false;
    const names = await this.#redis.hGetAll(this.#namesKey).catch(() => undefined);
    if (!names) return false;
    return Object.entries(names).every(([name, saidAt]) => name === this.#consumer || isOver(saidAt));
  }

  #collect({ senders, ...closed }: StoredLedger): void {
    for (const [key, runs] of Object.entries(senders)) this.#unsaved.set(SENDER + key, runs && JSON.stringify(runs));
    if (closed.settled) this.#unsaved.set(CLOSED, JSON.stringify(closed));
  }

  async #renew(): Promise<void> {
    await this.#redis.hSet(this.#namesKey, this.#consumer, new Date().toISOString());
    const names = Object.entries(await this.#redis.hGetAll(this.#namesKey));
    const gone = names.filter(([, saidAt]) => isOver(saidAt)).map(([name]) => name);
    if (gone.length > 0) await this.#redis.hDel(this.#namesKey, gone);
    await Promise.all([this.#namesKey, this.#key].map((key) => this.#redis.pExpire(key, KEEP_MS)));
  }
}

/** Whether books of which this was said last (ISO time) are kept no longer. */
const isOver = (saidAt: string): boolean => !(Date.now() - Date.parse(saidAt) <= KEEP_MS);
