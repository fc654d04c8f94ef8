import type { Account } from '@redis-messaging/shared/accounting/account';
import {
  type AudienceAccount,
  audienceAccount,
  type Member,
} from '@redis-messaging/shared/accounting/sessions/audience';
import { type Balance, balance, type InRedis } from '@redis-messaging/shared/accounting/sessions/balance';
import type { PublishedSession } from '@redis-messaging/shared/accounting/sessions/published';
import { receivedIn, type StoredSession } from '@redis-messaging/shared/accounting/sessions/session';
import type { Sessions } from '@redis-messaging/shared/accounting/sessions/sessions';
import type { SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { throttle } from '@redis-messaging/shared/delivery/throttle';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { publishedOf } from '@redis-messaging/shared/service/account/published';
import type { AccountPlace } from '../account-place.ts';
import type { Clues } from '../clues.ts';
import { type LedgerStore, storedBy } from '../ledger-store.ts';
import type { Names } from './names.ts';
import type { Reports } from './reports.ts';

/** What others have stored is read at most this often, unless it matters: ms. */
const READ_EVERY_MS = 1000;

/** What another subscriber of the group has stored. */
interface Neighbour {
  readonly name: string;
  readonly sessions: ReadonlyMap<string, StoredSession>;
  readonly clues: Clues;
  /** Whether it gives no sign of life. */
  readonly isGone: boolean;
}

/** The account of all who share a pattern's messages: what this subscriber knows, with what the others and the publishers have stored. */
export class GroupAccount {
  readonly #redis: Redis;
  readonly #pattern: Pattern;
  readonly #topic: string;
  readonly #store: LedgerStore;
  readonly #sessions: Sessions;
  readonly #names: Names;
  readonly #placesOf: (name: string) => readonly AccountPlace[];
  readonly #reports: Reports;
  readonly #isOpenToOthers: boolean;
  readonly #isTimeToRead = throttle(READ_EVERY_MS);
  /** Those with whom the messages are shared; `undefined` before they were read. */
  #known: readonly Neighbour[] | undefined;
  /** Whether that is as new as what Redis holds. */
  #isFresh = false;
  #published: ReadonlyMap<string, PublishedSession> = new Map();

  constructor(
    redis: Redis,
    pattern: Pattern,
    topic: string,
    own: { readonly store: LedgerStore; readonly sessions: Sessions },
    others: {
      readonly names: Names;
      readonly placesOf: (name: string) => readonly AccountPlace[];
      readonly reports: Reports;
      readonly isRedisShared: boolean;
    },
  ) {
    this.#redis = redis;
    this.#pattern = pattern;
    this.#topic = topic;
    this.#store = own.store;
    this.#sessions = own.sessions;
    this.#names = others.names;
    this.#placesOf = others.placesOf;
    this.#reports = others.reports;
    this.#isOpenToOthers = others.isRedisShared && this.#isShared;
  }

  /**
   * Reads what others have stored, if it is time, or in any case. What Redis does not answer stays as it was. To be called after it
   * was read what Redis holds: then what is no longer there has been entered in somebody's account.
   * @param always also if that was done just now
   */
  async read(always: boolean): Promise<void> {
    this.#isFresh = false;
    if (!this.#redis.isReady || !(this.#isTimeToRead() || always)) return;
    try {
      this.#published = await publishedOf(this.#redis, this.#topic, this.#pattern.name);
      if (this.#isShared) this.#known = await this.#readNeighbours();
      this.#isFresh = true;
    } catch {} // it is shown as it was known last
  }

  /**
   * @param others messages of senders that name no session
   * @param missing messages that were gone from Redis before they were acknowledged
   */
  balance(
    others: Account,
    held: InRedis,
    missing: number,
  ): Balance & Pick<SubscriberStats, 'duplicated' | 'published'> {
    const audience = this.#audience();
    const clues = [this.#store.clues, ...this.#neighbours.map((each) => each.clues)];
    const handsOf = (areGone: boolean) =>
      sum(this.#neighbours.filter(({ isGone }) => isGone === areGone).map((each) => each.clues.inHands));
    const evidence = {
      atMost: missing + sum(clues.map(({ atMost }) => atMost)) + handsOf(true),
      inHands: this.#isFresh || this.#neighbours.length === 0 ? handsOf(false) : Number.POSITIVE_INFINITY,
      hasLostData:
        clues.some(({ hasLostData }) => hasLostData) ||
        [...this.#published.values()].some(({ mayBeLost }) => mayBeLost),
      isOpenToOthers: this.#isOpenToOthers,
    };
    const { made, refused, buffered, duplicated } = audience;
    return {
      ...balance(audience, others, held, evidence),
      duplicated: duplicated + others.duplicated,
      published: { made, refused, buffered },
    };
  }

  /** How many different messages each of the group has handled, if there are several. */
  shares(own: string): Readonly<Record<string, number>> {
    if (this.#neighbours.length === 0) return {};
    const handledBy = (sessions: ReadonlyMap<string, StoredSession>) => sum([...sessions.values()].map(receivedIn));
    const others = this.#neighbours.map(({ name, sessions }) => [name, handledBy(sessions)] as const);
    return Object.fromEntries([[own, this.#sessions.counts.received] as const, ...others].sort());
  }

  /** Whether no other subscriber has read here for as long as accounts are kept; `false` if Redis does not say. */
  get isAlone(): boolean {
    return this.#redis.isReady && this.#known?.length === 0;
  }

  get #neighbours(): readonly Neighbour[] {
    return this.#known ?? [];
  }

  async #readNeighbours(): Promise<readonly Neighbour[]> {
    await this.#reports.read();
    const read = async (name: string): Promise<Neighbour> => {
      const stored = await storedBy(this.#placesOf(name));
      return { name, ...stored, isGone: !this.#reports.isHere(name) };
    };
    return await Promise.all((await this.#names.others()).map(read));
  }

  get #isShared(): boolean {
    return this.#pattern.guarantees.audience === 'one-subscriber';
  }

  #audience(): AudienceAccount {
    const own: Member = {
      sessions: new Map([...this.#sessions.entries()].map(([name, session]) => [name, session.stored()])),
      isInterrupted: (name) => this.#sessions.get(name)?.isInterrupted ?? false,
    };
    const others = this.#neighbours.map(({ sessions }): Member => ({ sessions, isInterrupted: () => false }));
    const { keepsUnread, groups } = this.#pattern.guarantees;
    const audience = audienceAccount([own, ...others], this.#published, keepsUnread && !groups, Date.now());
    if (others.length > 0) this.#sessions.completeFrom(audience.handledOf);
    return audience;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
