import { nowMicros } from '@redis-messaging/shared/accounting/clock';
import type { Ledger } from '@redis-messaging/shared/accounting/ledger';
import type { SessionEntry, Sessions } from '@redis-messaging/shared/accounting/sessions/sessions';
import type { Write } from '@redis-messaging/shared/delivery/delivery';
import { throttle } from '@redis-messaging/shared/delivery/throttle';
import { newSession } from '@redis-messaging/shared/message/message';
import { serverIdentity } from '@redis-messaging/shared/service/account/server-identity';
import { changedFields, headField, isOfAnother, readAccount, type StoredAccount } from './account-fields.ts';
import type { AccountPlace } from './account-place.ts';
import { Clues } from './clues.ts';
import { KEEP_MS, type Names } from './group/names.ts';

const RENEW_EVERY_MS = 5000;
const CLUES = 'clues';

/**
 * Keeps a subscriber's ledger in Redis, under the subscriber's name, so that its next instance goes on with it: what was lost by a
 * crash, or while it was gone, then shows as a gap. Of a topic with partitions, each has all of it, as it was when something was
 * acknowledged there last: together they have what each acknowledgement wrote.
 */
export class LedgerStore {
  readonly #places: readonly AccountPlace[];
  readonly #ledger: Ledger;
  readonly #sessions: Sessions;
  /** Why messages may be lost of which this subscriber does not know one by one. */
  readonly clues = new Clues();
  readonly #names: Names;
  /** Short, because it is in every field: it only tells apart those that have one name one after the other. */
  readonly #instance = newSession().slice(0, 4);
  readonly #isTimeToRenew = throttle(RENEW_EVERY_MS);
  /** The save that is under way, or the last one; never rejects. */
  #saving: Promise<void> = Promise.resolve();
  /** The save after that one, if somebody has asked for it. */
  #nextSave: Promise<void> | undefined;

  /** @param places one for each partition */
  constructor(
    places: readonly AccountPlace[],
    { ledger, sessions }: { readonly ledger: Ledger; readonly sessions: Sessions },
    names: Names,
  ) {
    this.#places = places;
    this.#ledger = ledger;
    this.#sessions = sessions;
    this.#names = names;
  }

  /** The key of the account, or of its first part. */
  get key(): string {
    return this.#place(0).key;
  }

  /**
   * Takes over the ledger of an earlier instance. Fields that are not as a ledger stores them are left out, and removed by the
   * next save. Throws like a command. @returns what was wrong with each of those, fit to be shown
   */
  async open(): Promise<readonly string[]> {
    const all = await Promise.all(this.#places.map((place) => place.read()));
    const { ledger, sessions, problems, clues } = readParts(all);
    this.#ledger.restore(ledger);
    this.#sessions.restore(sessions, nowMicros());
    this.#sessions.storeAgain(); // by this instance; then what others have stored may go
    for (const [index, fields] of all.entries())
      for (const field of Object.keys(fields))
        if (problems.has(field) || isOfAnother(field, this.#instance)) this.#place(index).remove(field);
    for (const text of clues) this.clues.restore(text);
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

  /** What has changed, as writes that go with an acknowledgement: see AccountPlace. @param partition where that is */
  writes(partition = 0): Write[] {
    this.#collect();
    return this.#place(partition).writes();
  }

  /** What the account will have once a message is among the dead letters, as a write that goes with that step. @param partition where that is */
  writesOnDeath(entry: SessionEntry, partition = 0): Write[] {
    const head = this.#sessions.headWithDead(entry);
    return head ? [this.#place(partition).write(headField(entry.session, head, this.#instance))] : [];
  }

  /** The writes were done. */
  stored(partition = 0): void {
    this.#place(partition).stored();
    if (this.#isTimeToRenew()) void this.#renewAndTidy().catch(() => {});
  }

  /** Says that the account is still needed, if it is time. Throws like a command. */
  async renew(): Promise<void> {
    if (this.#isTimeToRenew()) await this.#renew();
  }

  /** Looks whether Redis is another process than it was, and may have lost data. Throws like a command. */
  async lookAtServer(): Promise<void> {
    const servers = await Promise.all(this.#places.map(({ redis }) => serverIdentity(redis)));
    if (servers.includes(undefined)) return;
    const server = servers.join();
    if (this.clues.server !== '' && this.clues.server !== server) this.lostData();
    this.clues.server = server;
  }

  /** Redis has lost data, or may have: everything is stored again. */
  lostData(): void {
    this.clues.lostData();
    for (const place of this.#places) place.lost();
    this.#sessions.storeAgain();
  }

  async #renewAndTidy(): Promise<void> {
    await this.#renew();
    if (this.#places.some(({ hasRemovals }) => hasRemovals)) await this.save();
  }

  async #saveNow(): Promise<void> {
    this.#collect();
    await Promise.all(this.#places.map((place) => place.save()));
    await this.renew();
  }

  #collect(): void {
    const clues = this.clues.changed();
    const fields = changedFields(this.#ledger, this.#sessions, this.#instance);
    for (const place of this.#places) {
      for (const field of fields) place.keep(field);
      if (clues !== undefined) place.keep([CLUES, clues]);
    }
  }

  async #renew(): Promise<void> {
    if (await this.#names.renew()) this.lostData();
    await Promise.all(this.#places.map(({ redis, key }) => redis.pExpire(key, KEEP_MS)));
  }

  #place(partition: number): AccountPlace {
    return this.#places[partition] as AccountPlace;
  }
}

/** What another subscriber of the group has stored. Throws like a command. @param places one for each partition */
export async function storedBy(
  places: readonly AccountPlace[],
): Promise<Pick<StoredAccount, 'sessions'> & { clues: Clues }> {
  const { sessions, clues: texts } = readParts(await Promise.all(places.map((place) => place.read())));
  const clues = new Clues();
  for (const text of texts) clues.restore(text);
  return { sessions, clues };
}

/** The account that lies in the hashes of several partitions, and the clues beside it. */
function readParts(
  all: readonly Readonly<Record<string, string>>[],
): StoredAccount & { readonly clues: readonly (string | undefined)[] } {
  const clues = all.map(({ [CLUES]: text }) => text);
  return { ...readAccount(all.map(({ [CLUES]: _, ...fields }) => fields)), clues };
}
