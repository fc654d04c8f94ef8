import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Connection } from '@redis-messaging/shared/redis/connection';
import { isMistake, outcomeOf } from '@redis-messaging/shared/redis/outcome';
import { partitionNames } from '@redis-messaging/shared/service/config';
import type { Service } from '@redis-messaging/shared/service/service';
import type { LedgerStore } from './ledger-store.ts';
import type { SubscriberLog } from './subscriber-log.ts';

/** Where there is no acknowledgement, a kill costs the account at most what was handled in this time: ms. */
const SAVE_AFTER_MS = 25;

/** Keeps a subscriber's account in Redis while it works. The account goes on in any case; that it cannot be stored is said once. */
export class AccountKeeper {
  readonly #stop: AbortSignal;
  readonly #connection: Connection;
  /** One for each partition. */
  readonly #connections: readonly Connection[];
  readonly #store: LedgerStore;
  readonly #log: SubscriberLog;
  #isRefused = false;
  #saving: NodeJS.Timeout | undefined;
  #endLooking: readonly (() => void)[] = [];

  constructor(service: Service, pattern: Pattern, store: LedgerStore, log: SubscriberLog) {
    this.#stop = service.stop.signal;
    const { config, messaging } = service;
    this.#connection = messaging.connectionFor(config.topics.get(pattern));
    this.#connections = partitionNames(config, pattern).map((name) => messaging.connectionFor(name));
    this.#store = store;
    this.#log = log;
  }

  /** Goes on with the account of an earlier instance of this subscriber, if there is one. */
  async open(): Promise<void> {
    await this.#sayRefusal(this.#connection.survive(this.#stop, () => this.#restore()));
    const look = () => void this.#store.lookAtServer().catch(() => {}); // nothing but a clue is missed
    this.#endLooking = this.#connections.map((connection) => connection.onReady(look));
    look();
  }

  save(): Promise<void> {
    return this.#sayRefusal(this.#store.save());
  }

  /** One save for all that is handled in a moment: a save costs as much for one message as for many. */
  saveSoon(): void {
    this.#saving ??= setTimeout(() => {
      this.#saving = undefined;
      void this.save();
    }, SAVE_AFTER_MS);
  }

  /** Redis did not store it. */
  refused(reason: string): void {
    if (!this.#isRefused) this.#log.unsaved(reason);
    this.#isRefused = true;
  }

  /** Stores what has not been stored yet. */
  async close(): Promise<void> {
    for (const end of this.#endLooking) end();
    clearTimeout(this.#saving);
    if (this.#connections.some(({ isReady }) => isReady)) await this.save();
  }

  async #restore(): Promise<void> {
    const problems = await this.#store.open();
    if (problems.length > 0) this.#log.discarded(this.#store.key, problems);
  }

  async #sayRefusal(step: Promise<unknown>): Promise<void> {
    try {
      await step;
      this.#isRefused = false;
    } catch (error) {
      if (outcomeOf(error) === 'refused' || isMistake(error)) this.refused((error as Error).message);
    }
  }
}
