import { setTimeout as sleep } from 'node:timers/promises';
import type { SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { outcomeOf } from '@redis-messaging/shared/redis/outcome';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { writtenAt } from '../account/lines.ts';
import { audiencesOf } from '../account/reconciliation.ts';
import { sum } from '../account/sum.ts';
import type { Subject } from '../peers/subject.ts';
import type { Services } from './services.ts';
import { silenceOf } from './silence.ts';
import type { Topics } from './topics.ts';

const TIMEOUT_MS = 30_000;
/** Nothing has arrived for this long: what is missing will not arrive, even if it is the last message: ms. */
const LAST_MS = 1500;
/** The last message has arrived, and nothing for this long: nobody works on messages before it: ms. */
const QUIET_MS = 250;

/** A lost connection is no reason to end: that of an experiment to a primary that died, or gave away its slots, comes back. */
function unlessUnreachable(error: Error): undefined {
  if (outcomeOf(error) === 'refused') throw error;
}

/** What experiments wait for. Everything here throws the signal's reason when the signal aborts. */
export class Waits {
  readonly #patterns: readonly Subject[];
  readonly #services: Services;
  readonly #topics: Topics;
  readonly #signal: AbortSignal;

  constructor(patterns: readonly Subject[], services: Services, topics: Topics, signal: AbortSignal) {
    this.#patterns = patterns;
    this.#services = services;
    this.#topics = topics;
    this.#signal = signal;
  }

  async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal });
  }

  /** Waits until a publisher has published everything, and ended. */
  async ended(publisher: ServiceProcess): Promise<void> {
    this.#signal.throwIfAborted();
    const aborted = new Promise<never>((_resolve, reject) =>
      this.#signal.addEventListener('abort', () => reject(this.#signal.reason), { once: true }),
    );
    await Promise.race([publisher.exited, aborted]);
  }

  /** Waits until the publishers have ended, nothing waits or is in flight, and every subscriber that runs has the last message. */
  async settled(): Promise<void> {
    for (const publisher of this.#services.publishers) await this.ended(publisher);
    for (const pattern of this.#patterns) await this.drained(pattern);
    const quietFor = silenceOf(() => sum(this.#services.subscribers.map(({ lines }) => lines.length)));
    const allHaveLast = () => this.#patterns.every((pattern) => this.#hasLastArrived(pattern));
    await this.#untilSilent(() => {
      const quietMs = quietFor();
      return quietMs > LAST_MS || (quietMs > QUIET_MS && allHaveLast());
    });
  }

  /** Waits until a subscriber says that it is connected again, this often in all. @returns when it was: ms since 1970 */
  async reconnected(subscriber: ServiceProcess, times: number): Promise<number> {
    const line = () => subscriber.events('reconnected')[times - 1];
    return writtenAt(await until('the subscriber to be connected again', line, TIMEOUT_MS, this.#signal));
  }

  /** Waits until nothing of a pattern waits or is in flight. @throws if it does not become less for 30 s */
  async drained(pattern: Subject): Promise<void> {
    for (let left = Number.POSITIVE_INFINITY; left > 0; ) {
      const before = left;
      const isLess = async () => {
        const held = await this.#topics.held(pattern, this.#services.groups).catch(unlessUnreachable);
        if (!held) return false;
        left = held.waiting + held.inFlight;
        return left < before;
      };
      await until(`less of ${pattern.name} to wait`, isLess, TIMEOUT_MS, this.#signal);
    }
  }

  /** Waits until this many messages are dead letters, if they are to be: a queue's subscriber may still have them in flight. */
  async deadLettered(messages: number): Promise<void> {
    const kept = this.#patterns.filter(({ guarantees }) => guarantees.keepsUnread);
    const held = () => Promise.all(kept.map((pattern) => this.#topics.held(pattern, this.#services.groups)));
    const areDead = async () => (await held()).every(({ dead }) => dead >= messages);
    await until('the dead letters', areDead, LAST_MS, this.#signal).catch(() => this.#signal.throwIfAborted());
  }

  /** Waits until a subscriber has received this many messages, or, where some may be lost, no more arrive. */
  async received(pattern: Subject, subscriber: ServiceProcess, messages: number): Promise<void> {
    await this.drained(pattern);
    await this.arrived(pattern, subscriber, messages);
  }

  /** The same by what the subscriber says alone. */
  async arrived(pattern: Subject, subscriber: ServiceProcess, messages: number): Promise<void> {
    const stats = () => subscriber.progress[pattern.name] as SubscriberStats | undefined;
    const total = () => stats()?.received ?? 0;
    const quietFor = silenceOf(total);
    await this.#untilSilent(() => total() >= messages || quietFor() > LAST_MS);
  }

  /** However long it takes: what is waited for holds at the latest when nothing has arrived for a while. */
  async #untilSilent(probe: () => boolean): Promise<void> {
    await until('silence', probe, Number.POSITIVE_INFINITY, this.#signal);
  }

  #hasLastArrived({ name, guarantees }: Subject): boolean {
    const { publishers, subscriberNames, groupOf } = this.#services;
    const last = publishers.at(-1)?.lines.findLast((line) => line.event === 'published' && line.pattern === name);
    const has = (subscriber: string) => this.#services.receivedBy(subscriber, name).some(({ id }) => id === last?.id);
    return audiencesOf(guarantees, subscriberNames, groupOf).every((subscribers) => subscribers.some(has));
  }
}
