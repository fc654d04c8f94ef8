import { nowMicros } from '@redis-messaging/shared/accounting/clock';
import type { Ledger } from '@redis-messaging/shared/accounting/ledger';
import type { StoredSession } from '@redis-messaging/shared/accounting/sessions/session';
import type { Sessions } from '@redis-messaging/shared/accounting/sessions/sessions';
import type { Write } from '@redis-messaging/shared/delivery/delivery';
import { keyOf } from '@redis-messaging/shared/delivery/keys';
import { throttle } from '@redis-messaging/shared/delivery/throttle';
import { newSession } from '@redis-messaging/shared/message/message';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { outcomeOf } from '@redis-messaging/shared/redis/outcome';
import { serverIdentity } from '@redis-messaging/shared/service/account/server-identity';
import { changedFields, isOfAnother, readAccount } from './account-fields.ts';
import { Clues } from './clues.ts';

/** How long a ledger is kept after its last entry: ms. */
const KEEP_MS = 24 * 60 * 60 * 1000;
const RENEW_EVERY_MS = 5000;
/** How often a subscriber says that it is there, where that matters: ms. */
export const ALIVE_EVERY_MS = 1000;
/** One that has said nothing for this long is gone: ms. */
const GONE_MS = 3 * ALIVE_EVERY_MS;

const CLUES = 'clues';

/** What another subscriber of the group has stored. */
export interface Neighbour {
  readonly name: string;
  readonly sessions: ReadonlyMap<string, StoredSession>;
  readonly clues: Clues;
  /** Whether it has said nothing for some time. */
  readonly isGone: boolean;
}

/**
 * Keeps a subscriber's ledger in Redis, under the subscriber's name, so that its next instance goes on with it: what was lost by a
 * crash, or while it was gone, then shows as a gap. Other subscribers leave theirs beside it.
 */
export class LedgerStore {
  readonly #redis: Redis;
  readonly #ledger: Ledger;
  readonly #sessions: Sessions;
  /** Why messages may be lost of which this subscriber does not know one by one. */
  readonly clues = new Clues();
  /** Hash: the names of all subscribers, and when they last said so (ISO time). */
  readonly #namesKey: string;
  /** Hash: this subscriber's ledger, a field for each sender, and one for the totals of what is closed. */
  readonly key: string;
  readonly #consumer: string;
  readonly #instance = newSession();
  readonly #isTimeToRenew = throttle(RENEW_EVERY_MS);
  /** What is not stored yet, as far as is known: values by their fields. */
  readonly #unsaved = new Map<string, string>();
  /** Fields to be removed. Apart from the values, because many gather between two saves, and values go with each acknowledgement. */
  readonly #unremoved = new Set<string>();
  /** Fields that may be in Redis: no others need to be removed. */
  readonly #inRedis = new Set<string>();
  /** The save that is under way, or the last one; never rejects. */
  #saving: Promise<void> = Promise.resolve();
  /** The save after that one, if somebody has asked for it. */
  #nextSave: Promise<void> | undefined;
  /** Whether this subscriber's name has been among the names. */
  #hasSaid = false;
  /** Of the unsaved, what goes with an acknowledgement that is under way. */
  #written: readonly (readonly [field: string, value: string])[] = [];

  /** @param scope what sets this ledger apart from others of the topic: pattern, group */
  constructor(
    redis: Redis,
    { ledger, sessions }: { readonly ledger: Ledger; readonly sessions: Sessions },
    topic: string,
    scope: readonly string[],
    consumer: string,
  ) {
    this.#redis = redis;
    this.#ledger = ledger;
    this.#sessions = sessions;
    this.#namesKey = keyOf(topic, ...scope, 'ledger');
    this.key = `${this.#namesKey}:${consumer}`;
    this.#consumer = consumer;
  }

  /**
   * Takes over the ledger of an earlier instance. Fields that are not as a ledger stores them are left out, and removed by the
   * next save. Throws like a command. @returns what was wrong with each of those, fit to be shown
   */
  async open(): Promise<readonly string[]> {
    const { [CLUES]: clues, ...fields } = await this.#redis.hGetAll(this.key);
    for (const field of Object.keys(fields)) this.#inRedis.add(field);
    const { ledger, sessions, problems } = readAccount(fields);
    for (const field of problems.keys()) this.#unremoved.add(field);
    this.#ledger.restore(ledger);
    this.#sessions.restore(sessions, nowMicros());
    this.#sessions.storeAgain(); // by this instance; then what others have stored may go
    for (const field of Object.keys(fields)) if (isOfAnother(field, this.#instance)) this.#unremoved.add(field);
    this.clues.restore(clues);
    await this.#renew();
    return [...problems.values()];
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

  /**
   * What has changed, as writes that go with an acknowledgement. They count as stored once `stored` is called. What is to be removed
   * is removed later, by a save of its own: Redis may refuse the one and do the other.
   */
  writes(): Write[] {
    this.#collect();
    this.#written = [...this.#unsaved];
    const args = this.#written.flat();
    for (const [field] of this.#written) this.#inRedis.add(field);
    return args.length > 0 ? [{ command: 'HSET', key: this.key, args }] : [];
  }

  /** The writes were done. */
  stored(): void {
    this.#saved(this.#written);
    this.#written = [];
    if (this.#isTimeToRenew()) void this.#renewAndTidy().catch(() => {});
  }

  /** Says that this subscriber is there. Throws like a command. */
  async sayAlive(): Promise<void> {
    await this.#redis.hSet(this.#namesKey, this.#consumer, new Date().toISOString());
  }

  /** Looks whether Redis is another process than it was, and may have lost data. Throws like a command. */
  async lookAtServer(): Promise<void> {
    const server = await serverIdentity(this.#redis);
    if (server === undefined) return;
    if (this.clues.server !== '' && this.clues.server !== server) this.lostData();
    this.clues.server = server;
  }

  /** What the others of the group have stored. Throws like a command. */
  async neighbours(): Promise<readonly Neighbour[]> {
    if (this.#isTimeToRenew()) await this.#renew();
    const names = Object.entries(await this.#redis.hGetAll(this.#namesKey));
    const others = names.filter(([name, saidAt]) => name !== this.#consumer && !isOver(saidAt));
    return await Promise.all(
      others.map(async ([name, saidAt]) => {
        const { [CLUES]: text, ...fields } = await this.#redis.hGetAll(`${this.#namesKey}:${name}`);
        const clues = new Clues();
        clues.restore(text);
        const { sessions } = readAccount(fields);
        return { name, sessions, clues, isGone: Date.now() - Date.parse(saidAt) > GONE_MS };
      }),
    );
  }

  /** Redis has lost data, or may have: everything is stored again. */
  lostData(): void {
    this.clues.lostData();
    this.#inRedis.clear();
    this.#sessions.storeAgain();
  }

  /** Whether no other subscriber has read here for as long as ledgers are kept; `false` if Redis does not say. */
  async isTheOnlyOne(): Promise<boolean> {
    if (!this.#redis.isReady) return false;
    const names = await this.#redis.hGetAll(this.#namesKey).catch(() => undefined);
    if (!names) return false;
    return Object.entries(names).every(([name, saidAt]) => name === this.#consumer || isOver(saidAt));
  }

  async #renewAndTidy(): Promise<void> {
    await this.#renew();
    if (this.#unremoved.size > 0) await this.save();
  }

  async #saveNow(): Promise<void> {
    this.#collect();
    const unsaved = [...this.#unsaved];
    if (unsaved.length > 0) await this.#set(new Map(unsaved));
    this.#saved(unsaved);
    if (this.#unremoved.size > 0) await this.#removeAll([...this.#unremoved]);
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

  async #removeAll(fields: readonly string[]): Promise<void> {
    for (const field of fields) this.#inRedis.delete(field); // at once: they may be set again meanwhile
    await this.#redis.hDel(this.key, [...fields]);
    for (const field of fields) this.#unremoved.delete(field);
  }

  #saved(values: readonly (readonly [field: string, value: string])[]): void {
    for (const [field, value] of values) if (this.#unsaved.get(field) === value) this.#unsaved.delete(field);
  }

  #collect(): void {
    for (const [field, value] of changedFields(this.#ledger, this.#sessions, this.#instance)) {
      if (value !== null) this.#keep(field, value);
      else for (const each of this.#matching(field)) this.#remove(each);
    }
    const clues = this.clues.changed();
    if (clues !== undefined) this.#keep(CLUES, clues);
  }

  #keep(field: string, value: string): void {
    this.#unsaved.set(field, value);
    this.#unremoved.delete(field);
  }

  /** A field that ends with a colon stands for all that begin with it. */
  #matching(field: string): readonly string[] {
    if (!field.endsWith(':')) return [field];
    return [...new Set([...this.#inRedis, ...this.#unsaved.keys()])].filter((each) => each.startsWith(field));
  }

  #remove(field: string): void {
    this.#unsaved.delete(field);
    if (this.#inRedis.has(field)) this.#unremoved.add(field);
  }

  async #renew(): Promise<void> {
    const names = await this.#redis.hGetAll(this.#namesKey);
    if (this.#hasSaid && !(this.#consumer in names)) this.lostData();
    await this.#redis.hSet(this.#namesKey, this.#consumer, new Date().toISOString());
    this.#hasSaid = true;
    const gone = Object.entries(names).filter(([name, saidAt]) => name !== this.#consumer && isOver(saidAt));
    if (gone.length > 0)
      await this.#redis.hDel(
        this.#namesKey,
        gone.map(([name]) => name),
      );
    await Promise.all([this.#namesKey, this.key].map((key) => this.#redis.pExpire(key, KEEP_MS)));
  }
}

/** Whether a ledger of which this was said last (ISO time) is kept no longer. */
const isOver = (saidAt: string): boolean => !(Date.now() - Date.parse(saidAt) <= KEEP_MS);
