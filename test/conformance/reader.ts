import { afterEach, expect } from '@jest/globals';
import type { Delivery, SubscribeOptions, Subscription } from '@redis-messaging/shared/delivery/delivery';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Connection } from '@redis-messaging/shared/redis/connection';
import { until } from '../../testkit/until.ts';

/** What a subscriber has in flight is its own for this long: ms. */
export const LEASE_MS = 300;

/** How readers subscribe, unless a test says otherwise. */
export const SETTINGS = {
  group: 'group',
  groupStart: '0',
  leaseMs: LEASE_MS,
  maxAttempts: 3,
  maxLength: 0,
  maxMessageBytes: 16 * 1024 * 1024,
} as const;

export interface ReaderOptions extends Partial<Pick<SubscribeOptions, 'consumer' | 'group' | 'leaseMs' | 'identify'>> {
  /** Whether it acknowledges what it gets; else it keeps it in flight. Default true. */
  readonly ack?: boolean;
  /** How much it takes at a time. Default 100. */
  readonly batch?: number;
}

let consumers = 0;

/** A subscription that is read in the background. */
export class Reader {
  readonly got: Delivery[] = [];
  readonly dead: string[] = [];
  readonly leaseLost: Delivery[] = [];
  readonly stop = new AbortController();
  readonly subscription: Subscription;
  readonly ended: Promise<void>;
  #ending: Promise<void> | undefined;

  private constructor(subscribing: Subscription, stop: AbortController, { ack = true, batch = 100 }: ReaderOptions) {
    this.subscription = subscribing;
    this.stop = stop;
    this.ended = this.#read(ack, batch);
    this.ended.catch(() => {}); // `end` tells
  }

  static async of(
    connection: Connection,
    pattern: Pattern,
    topic: string,
    options: ReaderOptions = {},
  ): Promise<Reader> {
    const { ack, batch, ...own } = options;
    const stop = new AbortController();
    const subscription = await pattern.subscribe(connection, topic, {
      ...SETTINGS,
      consumer: `consumer-${++consumers}`,
      ...own,
      signal: stop.signal,
      onExhausted: (payload) => reader.dead.push(payload.toString()),
      onLeaseLost: (deliveries) => reader.leaseLost.push(...deliveries),
    });
    const reader: Reader = new Reader(subscription, stop, options);
    return reader;
  }

  get texts(): string[] {
    return this.got.map(({ payload }) => payload.toString());
  }

  get attempts(): number[] {
    return this.got.map(({ attempt }) => attempt);
  }

  /** Waits until it has got so many, and returns their texts. */
  async receive(count: number): Promise<string[]> {
    await until(`${count} deliveries`, () => this.got.length >= count);
    return this.texts;
  }

  /** Takes nothing more, and leaves what it has in flight as it is. Throws what went wrong while reading. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.stop.abort();
    try {
      await this.ended;
    } finally {
      await this.subscription[Symbol.asyncDispose]();
    }
  }

  async #read(ack: boolean, limit: number): Promise<void> {
    while (true) {
      const batch = await this.subscription.take(limit);
      if (!batch) return;
      expect(batch.length).toBeLessThanOrEqual(limit);
      expect(batch.length).toBeGreaterThan(0);
      this.got.push(...batch);
      if (ack) await this.subscription.ack(batch);
    }
  }
}

/** Starts readers that end after each test, whatever became of it. */
export function useReaders() {
  const readers: Reader[] = [];
  afterEach(async () => {
    const ends = await Promise.allSettled(readers.splice(0).map((reader) => reader.end()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  });
  return async (...args: Parameters<typeof Reader.of>): Promise<Reader> => {
    const reader = await Reader.of(...args);
    readers.push(reader);
    return reader;
  };
}
