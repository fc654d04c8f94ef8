import { nowMicros } from '@redis-messaging/shared/accounting/clock';
import type { Ledger } from '@redis-messaging/shared/accounting/ledger';
import type { SessionEntry, Sessions } from '@redis-messaging/shared/accounting/sessions/sessions';
import type { Write } from '@redis-messaging/shared/delivery/delivery';
import { throttle } from '@redis-messaging/shared/delivery/throttle';
import { newSession } from '@redis-messaging/shared/message/message';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { outcomeOf } from '@redis-messaging/shared/redis/outcome';
import { serverIdentity } from '@redis-messaging/shared/service/account/server-identity';
import { changedFields, headField, isOfAnother, readAccount, type StoredAccount } from './account-fields.ts';
import { Clues } from './clues.ts';
import type { Names } from './group/names.ts';

const RENEW_EVERY_MS = 5000;
const CLUES = 'clues';

/**
 * Keeps a subscriber's ledger in Redis, under the subscriber's name, so that its next instance goes on with it: what was lost by a
 * crash, or while it was gone, then shows as a gap.
 */
export class LedgerStore {
  readonly #redis: Redis;
  readonly #ledger: Ledger;
  readonly #sessions: Sessions;
  /** Why messages may be lost of which this subscriber does not know one by one. */
  readonly clues = new Clues();
  readonly #names: Names;
  /** Hash: this subscriber's ledger, a field for each sender, and one for the totals of what is closed. */
  readonly key: string;
  /** Short, because it is in every field: it only tells apart those that have one name one after the other. */
  readonly #instance = newSession().slice(0, 4);
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
  /** Of the unsaved, what goes with an acknowledgement that is under way. */
  #written: readonly (readonly [field: string, value: string])[] = [];
  /** What was saved meanwhile of the same fields: the acknowledgement may be sent again, behind it, and overwrite it. */
  readonly #overtaken = new Map<string, string>();

  constructor(
    redis: Redis,
    { ledger, sessions }: { readonly ledger: Ledger; readonly sessions: Sessions },
    names: Names,
  ) {
    this.#redis = redis;
    this.#ledger = ledger;
    this.#sessions = sessions;
    this.#names = names;
    this.key = names.ownAccount;
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

  /** What the account will have once a message is among the dead letters, as a write that goes with that step. */
  writesOnDeath(entry: SessionEntry): Write[] {
    const head = this.#sessions.headWithDead(entry);
    if (!head) return [];
    const field = headField(entry.session, head, this.#instance);
    this.#inRedis.add(field[0]);
    return [{ command: 'HSET', key: this.key, args: field }];
  }

  /** The writes were done. */
  stored(): void {
    this.#saved(this.#written);
    this.#written = [];
    for (const [field, value] of this.#overtaken) if (!this.#unsaved.has(field)) this.#unsaved.set(field, value);
    this.#overtaken.clear();
    if (this.#isTimeToRenew()) void this.#renewAndTidy().catch(() => {});
  }

  /** Says that the account is still needed, if it is time. Throws like a command. */
  async renew(): Promise<void> {
    if (this.#isTimeToRenew()) await this.#renew();
  }

  /** Looks whether Redis is another process than it was, and may have lost data. Throws like a command. */
  async lookAtServer(): Promise<void> {
    const server = await serverIdentity(this.#redis);
    if (server === undefined) return;
    if (this.clues.server !== '' && this.clues.server !== server) this.lostData();
    this.clues.server = server;
  }

  /** Redis has lost data, or may have: everything is stored again. */
  lostData(): void {
    this.clues.lostData();
    this.#inRedis.clear();
    this.#sessions.storeAgain();
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
    const written = new Set(this.#written.map(([field]) => field));
    for (const [field, value] of unsaved) if (written.has(field)) this.#overtaken.set(field, value);
    if (this.#unremoved.size > 0) await this.#removeAll([...this.#unremoved]);
    await this.renew();
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
    if (await this.#names.renew()) this.lostData();
  }
}

/** What another subscriber of the group has stored. Throws like a command. */
export async function storedBy(redis: Redis, key: string): Promise<Pick<StoredAccount, 'sessions'> & { clues: Clues }> {
  const { [CLUES]: text, ...fields } = await redis.hGetAll(key);
  const clues = new Clues();
  clues.restore(text);
  return { sessions: readAccount(fields).sessions, clues };
}
