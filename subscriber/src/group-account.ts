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
import { throttle } from '@redis-messaging/shared/delivery/throttle';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { publishedOf } from '@redis-messaging/shared/service/account/published';
import type { LedgerStore, Neighbour } from './ledger-store.ts';

/** What others have stored is read at most this often, unless it matters: ms. */
const READ_EVERY_MS = 1000;

/** The account of all who share a pattern's messages: what this subscriber knows, with what the others and the publishers have stored. */
export class GroupAccount {
  readonly #redis: Redis;
  readonly #pattern: Pattern;
  readonly #topic: string;
  readonly #store: LedgerStore;
  readonly #sessions: Sessions;
  readonly #isTimeToRead = throttle(READ_EVERY_MS);
  #neighbours: readonly Neighbour[] = [];
  /** Whether that is as new as what Redis holds. */
  #isFresh = false;
  #published: ReadonlyMap<string, PublishedSession> = new Map();

  constructor(redis: Redis, pattern: Pattern, topic: string, store: LedgerStore, sessions: Sessions) {
    this.#redis = redis;
    this.#pattern = pattern;
    this.#topic = topic;
    this.#store = store;
    this.#sessions = sessions;
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
      if (this.#isShared) this.#neighbours = await this.#store.neighbours();
      this.#isFresh = true;
    } catch {} // it is shown as it was known last
  }

  /**
   * @param others messages of senders that name no session
   * @param missing messages that were gone from Redis before they were acknowledged
   */
  balance(others: Account, held: InRedis, missing: number): Balance & { readonly duplicated: number } {
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
    };
    const { duplicated } = audience;
    return { ...balance(audience, others, held, evidence), duplicated: duplicated + others.duplicated };
  }

  /** How many different messages each of the group has handled, if there are several. */
  shares(own: string): Readonly<Record<string, number>> {
    if (this.#neighbours.length === 0) return {};
    const handledBy = (sessions: ReadonlyMap<string, StoredSession>) => sum([...sessions.values()].map(receivedIn));
    const others = this.#neighbours.map(({ name, sessions }) => [name, handledBy(sessions)] as const);
    return Object.fromEntries([[own, this.#sessions.counts.received] as const, ...others].sort());
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
