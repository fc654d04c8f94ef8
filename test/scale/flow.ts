import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisSource } from '@redis-messaging/shared/messaging/connections';
import { createMessaging, type Messaging } from '@redis-messaging/shared/messaging/messaging';
import type { ProducerOptions } from '@redis-messaging/shared/messaging/producer/producer';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { until } from '../../testkit/until.ts';

/** Replication is a moment behind: what happened longer before a primary's death is known to its replica. In ms. */
const BEHIND_MS = 1000;

const isNear = (deaths: readonly number[], at: number): boolean =>
  deaths.some((death) => Math.abs(at - death) < BEHIND_MS);

/** A topic through which messages flow, with an account of its own of what was accepted and handled. */
export class Flow implements AsyncDisposable {
  readonly pattern: Pattern;
  readonly messaging: Messaging;
  /** When each was accepted: steady ms. */
  readonly accepted = new Map<number, number>();
  readonly unconfirmed = new Set<number>();
  readonly handled: number[] = [];
  /** When each was handled first: steady ms. */
  readonly handledAt = new Map<number, number>();
  readonly #topic;
  readonly #producer;
  readonly #consumer;
  #made = 0;
  #isFlowing = true;
  readonly #flowing: Promise<void>;

  constructor(redis: RedisSource, pattern: Pattern, name: string, options: ProducerOptions = {}) {
    this.pattern = pattern;
    this.messaging = createMessaging({ redis });
    this.#topic = this.messaging.topic<number>(name, { pattern });
    this.#consumer = this.#topic.consume({ leaseMs: 1000, concurrency: 4 }, (value) => this.#handle(value));
    this.#producer = this.#topic.producer(options, {
      accepted: (batch) => {
        for (const value of batch) this.accepted.set(value, performance.now());
      },
      unconfirmed: (batch) => {
        for (const value of batch) this.unconfirmed.add(value);
      },
    });
    this.#flowing = this.#flow();
  }

  get name(): string {
    return this.#topic.name;
  }

  /** Waits until so many more have been handled. */
  async goesOn(count = 100): Promise<void> {
    const before = this.handled.length;
    await until(`${count} more of ${this.pattern.name}`, () => this.handled.length >= before + count, 60_000);
  }

  /** Stops the flow, waits until nothing waits or is in flight, and closes the consumer, which handles what it has taken. */
  async settle(): Promise<void> {
    this.#isFlowing = false;
    await this.#flowing;
    await until('all to be answered', () => this.#producer.stats.buffered === 0, 60_000);
    await until(
      `nothing of ${this.name} to be left`,
      async () => {
        const { waiting, inFlight } = await this.#topic.backlog().catch(() => ({ waiting: 1, inFlight: 1 }));
        return (waiting ?? 0) + inFlight === 0;
      },
      60_000,
    );
    await this.#consumer.close();
  }

  /** What Redis accepted, and nobody has handled. */
  get missing(): readonly number[] {
    return [...this.accepted.keys()].filter((value) => !this.handledAt.has(value));
  }

  /** What was handled more than once. */
  get twice(): readonly number[] {
    const seen = new Set<number>();
    return this.handled.filter((value) => seen.size === seen.add(value).size);
  }

  /** What came twice though it should not: all but what a queue popped just before a death, which the next primary may not know of. */
  twiceBut(deaths: readonly number[]): readonly number[] {
    const { delivery, keepsUnread } = this.pattern.guarantees;
    if (delivery !== 'at-most-once') return [];
    return this.twice.filter((value) => !(keepsUnread && isNear(deaths, this.handledAt.get(value) as number)));
  }

  /** What is missing though it should not: all but what was accepted just before a death. */
  missingBut(deaths: readonly number[]): readonly number[] {
    if (!this.pattern.guarantees.keepsUnread) return [];
    return this.missing.filter((value) => !isNear(deaths, this.accepted.get(value) as number));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isFlowing = false;
    await this.#flowing;
    await this.messaging.close();
  }

  #handle(value: number): void {
    if (!this.handledAt.has(value)) this.handledAt.set(value, performance.now());
    this.handled.push(value);
  }

  async #flow(): Promise<void> {
    await this.#consumer.ready;
    while (this.#isFlowing) {
      this.#producer.sendBatch([++this.#made, ++this.#made]).catch(() => {}); // the account has it
      await sleep(2);
    }
  }
}
