import { isMistake, outcomeOf } from '@redis-messaging/shared/redis/outcome';
import type { Service } from '@redis-messaging/shared/service/service';
import type { LedgerStore } from './ledger-store.ts';
import type { SubscriberLog } from './subscriber-log.ts';

/** Where there is no acknowledgement, a kill costs the account at most what was handled in this time: ms. */
const SAVE_AFTER_MS = 25;

/** Keeps a subscriber's account in Redis while it works. The account goes on in any case; that it cannot be stored is said once. */
export class AccountKeeper {
  readonly #service: Service;
  readonly #store: LedgerStore;
  readonly #log: SubscriberLog;
  #isRefused = false;
  #saving: NodeJS.Timeout | undefined;
  #endLooking: () => void = () => {};

  constructor(service: Service, store: LedgerStore, log: SubscriberLog) {
    this.#service = service;
    this.#store = store;
    this.#log = log;
  }

  /** Goes on with the account of an earlier instance of this subscriber, if there is one. */
  async open(): Promise<void> {
    const { messaging, stop } = this.#service;
    await this.#sayRefusal(messaging.connection.survive(stop.signal, () => this.#restore()));
    const look = () => void this.#store.lookAtServer().catch(() => {}); // nothing but a clue is missed
    this.#endLooking = messaging.connection.onReady(look);
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
    this.#endLooking();
    clearTimeout(this.#saving);
    if (this.#service.messaging.connection.isReady) await this.save();
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
