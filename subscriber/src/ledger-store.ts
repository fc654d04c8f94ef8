import type { Ledger, StoredLedger } from '@redis-messaging/shared/accounting/ledger';
import { readClosed, readSequences } from '@redis-messaging/shared/accounting/stored';
import type { Write } from '@redis-messaging/shared/delivery/delivery';
import { keyOf } from '@redis-messaging/shared/delivery/keys';
import { throttle } from '@redis-messaging/shared/delivery/throttle';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { outcomeOf } from '@redis-messaging/shared/redis/outcome';
import { sanitize } from '@redis-messaging/shared/text/sanitize';

/** How long a ledger is kept after its last entry: ms. */
const KEEP_MS = 24 * 60 * 60 * 1000;
const RENEW_EVERY_MS = 60_000;

const SENDER = 'sender:';
const CLOSED = 'closed';

/**
 * Keeps a subscriber's ledger in Redis, under the subscriber's name, so that its next instance goes on with it: what was lost by a
 * crash, or while it was gone, then shows as a gap. Other subscribers leave their names beside it.
 */
export class LedgerStore {
  readonly #redis: Redis;
  readonly #ledger: Ledger;
  /** Hash: the names of all subscribers, and when they last said so (ISO time). */
  readonly #namesKey: string;
  /** Hash: this subscriber's ledger, a field for each sender, and one for the totals of what is closed. */
  readonly key: string;
  readonly #consumer: string;
  readonly #isTimeToRenew = throttle(RENEW_EVERY_MS);
  /** What is not stored yet, as far as is known: values by their fields; `null` = to be removed. */
  readonly #unsaved = new Map<string, string | null>();
  /** Fields that may be in Redis: no others need to be removed. */
  readonly #inRedis = new Set<string>();
  /** The save that is under way, or the last one; never rejects. */
  #saving: Promise<void> = Promise.resolve();
  /** The save after that one, if somebody has asked for it. */
  #nextSave: Promise<void> | undefined;
  /** Of the unsaved, what goes with an acknowledgement that is under way. */
  #written: readonly (readonly [string, string | null])[] = [];

  /** @param scope what sets this ledger apart from others of the topic: pattern, group */
  constructor(redis: Redis, ledger: Ledger, topic: string, scope: readonly string[], consumer: string) {
    this.#redis = redis;
    this.#ledger = ledger;
    this.#namesKey = keyOf(topic, ...scope, 'ledger');
    this.key = `${this.#namesKey}:${consumer}`;
    this.#consumer = consumer;
  }

  /**
   * Takes over the ledger of an earlier instance. Fields that are not as a ledger stores them are left out, and removed by the
   * next save. Throws like a command. @returns what was wrong with each of those, fit to be shown
   */
  async open(): Promise<readonly string[]> {
    const senders = new Map<string, ReturnType<typeof readSequences>>();
    let closed = {};
    const problems: string[] = [];
    for (const [field, text] of Object.entries(await this.#redis.hGetAll(this.key))) {
      this.#inRedis.add(field);
      try {
        if (field === CLOSED) closed = readClosed(JSON.parse(text));
        else if (field.startsWith(SENDER)) senders.set(field.slice(SENDER.length), readSequences(JSON.parse(text)));
      } catch (error) {
        problems.push(sanitize(`${field}: ${(error as Error).message}`));
        this.#unsaved.set(field, null);
      }
    }
    this.#ledger.restore({ senders: Object.fromEntries(senders), ...closed });
    await this.#renew();
    return problems;
  }

  /**
   * Stores what has changed. One save at a time: all who ask while one is under way share the next. Throws like a command; what could
   * not be stored is stored the next time.
   */
  save(): Promise<void> {
    this.#nextSave ??= this.#saving.then(() => {
      this.#nextSave = undefined;
      const save = this.#saveNow();
      this.#saving = save.catch(() => {});
      return save;
    });
    return this.#nextSave;
  }

  /** What has changed, as writes that go with an acknowledgement. They count as stored once `stored` is called. */
  writes(): Write[] {
    this.#collect(this.#ledger.changes());
    this.#written = [...this.#unsaved];
    const kept = this.#written.flatMap(([field, value]) => (value === null ? [] : [field, value]));
    for (const [field, value] of this.#written) if (value !== null) this.#inRedis.add(field);
    const gone = this.#written.filter(([, value]) => value === null).map(([field]) => field);
    return [
      ...(kept.length > 0 ? [{ command: 'HSET', key: this.key, args: kept } as const] : []),
      ...(gone.length > 0 ? [{ command: 'HDEL', key: this.key, args: gone } as const] : []),
    ];
  }

  /** The writes were done. */
  stored(): void {
    this.#forget(this.#written);
    this.#written = [];
    if (this.#isTimeToRenew()) void this.#renew().catch(() => {});
  }

  /** Whether no other subscriber has read here for as long as ledgers are kept; `false` if Redis does not say. */
  async isTheOnlyOne(): Promise<boolean> {
    if (!this.#redis.isReady) return false;
    const names = await this.#redis.hGetAll(this.#namesKey).catch(() => undefined);
    if (!names) return false;
    return Object.entries(names).every(([name, saidAt]) => name === this.#consumer || isOver(saidAt));
  }

  async #saveNow(): Promise<void> {
    this.#collect(this.#ledger.changes());
    const unsaved = [...this.#unsaved];
    const kept = unsaved.filter((entry): entry is [string, string] => entry[1] !== null);
    const gone = unsaved.filter(([, value]) => value === null).map(([field]) => field);
    if (kept.length > 0) await this.#set(new Map(kept));
    if (gone.length > 0) await this.#redis.hDel(this.key, gone);
    this.#forget(unsaved);
    if (this.#isTimeToRenew()) await this.#renew();
  }

  async #set(values: Map<string, string>): Promise<void> {
    const added = [...values.keys()].filter((field) => !this.#inRedis.has(field));
    for (const field of added) this.#inRedis.add(field);
    try {
      await this.#redis.hSet(this.key, values);
    } catch (error) {
      if (outcomeOf(error) === 'refused') for (const field of added) this.#inRedis.delete(field);
      throw error;
    }
  }

  #forget(stored: readonly (readonly [string, string | null])[]): void {
    for (const [field, value] of stored) {
      if (value === null) this.#inRedis.delete(field);
      if (this.#unsaved.get(field) === value) this.#unsaved.delete(field);
    }
  }

  #collect({ senders, ...closed }: StoredLedger): void {
    for (const [key, sequences] of Object.entries(senders)) {
      const field = SENDER + key;
      if (sequences) this.#unsaved.set(field, JSON.stringify(sequences));
      else if (this.#inRedis.has(field)) this.#unsaved.set(field, null);
      else this.#unsaved.delete(field);
    }
    if (closed.settled) this.#unsaved.set(CLOSED, JSON.stringify(closed));
  }

  async #renew(): Promise<void> {
    await this.#redis.hSet(this.#namesKey, this.#consumer, new Date().toISOString());
    const names = Object.entries(await this.#redis.hGetAll(this.#namesKey));
    const gone = names.filter(([, saidAt]) => isOver(saidAt)).map(([name]) => name);
    if (gone.length > 0) await this.#redis.hDel(this.#namesKey, gone);
    await Promise.all([this.#namesKey, this.key].map((key) => this.#redis.pExpire(key, KEEP_MS)));
  }
}

/** Whether a ledger of which this was said last (ISO time) is kept no longer. */
const isOver = (saidAt: string): boolean => !(Date.now() - Date.parse(saidAt) <= KEEP_MS);
