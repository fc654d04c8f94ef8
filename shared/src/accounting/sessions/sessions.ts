import type { CountSet } from './count-set.ts';
import { Marks } from './marks.ts';
import { Session, type StoredSession, type StoredSessionHead } from './session.ts';

/** More sessions than this are not told apart at one time: the one that was heard least recently is forgotten. */
const MAX_SESSIONS = 1000;
/** A count this far above the others of its session is a mistake or a forgery, and is not booked as so many losses. */
const IMPLAUSIBLE = 1_000_000_000;

/** What the ledger needs to know of a message that names its session. */
export interface SessionEntry {
  readonly session: string;
  readonly sender: string;
  readonly count: number;
  /** µs since 1970. */
  readonly receivedAt: number;
}

/** What has changed of a subscriber's sessions, by their names; `null` = forgotten. */
export type SessionChanges = ReadonlyMap<
  string,
  { head?: StoredSessionHead; chunks: ReadonlyMap<number, Uint8Array>; gone: readonly number[] } | null
>;

/** Messages by session and count: what this subscriber handled, lost and dead-lettered; exact, in bounded memory. */
export class Sessions {
  readonly #isBroadcast: boolean;
  readonly #isSplit: boolean;
  readonly #sessions = new Map<string, Session>();
  readonly #changed = new Set<string>();
  #latest: string | undefined;
  #interruptedAt: number | undefined;
  /** Of sessions that were forgotten, and of counts that cannot be. */
  readonly #forgotten = { received: 0, duplicated: 0, reordered: 0 };

  /** @param isSplit whether messages come by several connections */
  constructor({ audience }: { readonly audience: 'every-subscriber' | 'one-subscriber' }, isSplit = false) {
    this.#isBroadcast = audience === 'every-subscriber';
    this.#isSplit = this.#isBroadcast && isSplit;
  }

  /** Books a message that was handled. */
  receive(entry: SessionEntry): 'new' | 'duplicate' | 'reordered' {
    const session = this.#of(entry);
    if (session) return session.receive(entry.count, entry.receivedAt);
    this.#forgotten.received++;
    return 'new';
  }

  /** Books a message that this subscriber had, and that nobody will deliver again. */
  lose(entry: SessionEntry): void {
    this.#of(entry)?.lose(entry.count, entry.receivedAt);
  }

  /** Books a message that this subscriber has dead-lettered. */
  bury(entry: SessionEntry): void {
    this.#of(entry)?.bury(entry.count, entry.receivedAt);
  }

  /** What a session's head will be once a message of it is among the dead letters; `undefined` if that is not kept. */
  headWithDead(entry: SessionEntry): StoredSessionHead | undefined {
    return this.#of(entry)?.headWithDead(entry.count);
  }

  /** This subscriber's earlier instance was killed with up to so many messages in its hands. */
  lostInHands(messages: number): void {
    for (const [name, session] of this.#sessions) {
      session.lostInHands(messages);
      this.#changed.add(name);
    }
  }

  /** A delivery that was booked as a duplicate is none: the message was left out. */
  forgive(session: string): void {
    this.#sessions.get(session)?.forgive();
    this.#changed.add(session);
  }

  /**
   * Messages may have been sent up to now that this subscriber could not get; of no account where others get them, or they wait.
   * @param at µs since 1970
   * @param since µs since 1970: some of those that were sent since then, while others arrived
   */
  interrupt(at: number, since = at): void {
    if (!this.#isBroadcast) return;
    this.#interruptedAt = at;
    for (const [name, session] of this.#sessions) if (session.interrupt(at, since)) this.#changed.add(name);
  }

  /** What this subscriber has handled itself. */
  get counts(): { received: number; duplicated: number; reordered: number } {
    const total = { ...this.#forgotten };
    for (const { counts } of this.#sessions.values()) {
      total.received += counts.received;
      total.duplicated += counts.duplicated;
      total.reordered += counts.reordered;
    }
    return total;
  }

  entries(): IterableIterator<[string, Session]> {
    return this.#sessions.entries();
  }

  get(name: string): Session | undefined {
    return this.#sessions.get(name);
  }

  /** Takes over what was stored. To be called before anything is booked. @param now µs since 1970 */
  restore(stored: ReadonlyMap<string, StoredSession>, now: number): void {
    for (const [name, session] of stored)
      this.#sessions.set(name, Session.restore(session, this.#isBroadcast ? now : undefined, this.#newMarks()));
  }

  /** Everything is to be stored again: Redis has lost it. */
  storeAgain(): void {
    for (const [name, session] of this.#sessions) {
      this.#sessions.set(name, Session.again(session));
      this.#changed.add(name);
    }
    this.#latest = undefined;
  }

  /** Takes over what all subscribers together have handled of each session, where that is complete. */
  completeFrom(handledOf: ReadonlyMap<string, CountSet>): void {
    for (const [name, handled] of handledOf)
      if (this.#sessions.get(name)?.completeFrom(handled)) this.#changed.add(name);
  }

  /** What has changed since the last call, to be stored. */
  changes(): SessionChanges {
    const changes = new Map([...this.#changed].map((name) => [name, this.#sessions.get(name)?.changes() ?? null]));
    this.#changed.clear();
    this.#latest = undefined;
    return changes;
  }

  #of({ session: name, sender, count, receivedAt }: SessionEntry): Session | undefined {
    const known = this.#sessions.get(name);
    if (known && count - known.highest > IMPLAUSIBLE) return undefined;
    const session = known ?? Session.beginWith(sender, count, this.#interruptionAfter(receivedAt), this.#newMarks());
    if (name === this.#latest) return session;
    this.#latest = name;
    this.#changed.add(name);
    this.#sessions.delete(name); // it is heard now, so it is the last to be forgotten
    this.#sessions.set(name, session);
    if (this.#sessions.size > MAX_SESSIONS) this.#forgetOldest();
    return session;
  }

  /** The latest interruption, if there may be messages between it and one that was received then. */
  #interruptionAfter(receivedAt: number): number | undefined {
    return this.#interruptedAt !== undefined && receivedAt <= this.#interruptedAt ? this.#interruptedAt : undefined;
  }

  #newMarks(): Marks | undefined {
    return this.#isSplit ? new Marks() : undefined;
  }

  #forgetOldest(): void {
    const [name, { counts }] = this.#sessions.entries().next().value as [string, Session];
    this.#forgotten.received += counts.received;
    this.#forgotten.duplicated += counts.duplicated;
    this.#forgotten.reordered += counts.reordered;
    this.#sessions.delete(name);
    this.#changed.add(name);
  }
}
