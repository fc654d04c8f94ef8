import { afterEach } from '@jest/globals';
import type { Codec } from '@redis-messaging/shared/messaging/codec';
import {
  createMessaging,
  type Messaging,
  type MessagingOptions,
  type Topic,
} from '@redis-messaging/shared/messaging/messaging';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Backlog, Pattern } from '@redis-messaging/shared/patterns/pattern';
import { until } from '../../testkit/until.ts';
import { undisturbed } from '../support/undisturbed.ts';
import { useRedis } from '../support/use-redis.ts';

/** Options for messaging with the Redis, or the line to it, on a port. */
export const over = (port: number) => ({ redis: { socket: { host: '127.0.0.1', port } } });

export { upTo } from '../support/up-to.ts';

/** For `test.each`: a pattern by its name. */
export const named = (chosen: readonly Pattern[]) => chosen.map((pattern) => [pattern.name, pattern] as const);
export const all = named(patterns);
/** Those that keep what a subscriber has in flight. */
export const surviving = named(patterns.filter(({ guarantees }) => guarantees.survivesCrash));
export const forgetting = named(patterns.filter(({ guarantees }) => !guarantees.keepsUnread));
export const keeping = named(patterns.filter(({ guarantees }) => guarantees.keepsUnread));

/** A Redis for the tests of one file, and messaging that is closed after each test. */
export function useMessaging() {
  const own = useRedis();
  const open: Messaging[] = [];
  let topics = 0;
  const gates: Gate<never>[] = [];
  afterEach(async () => {
    for (const gate of gates.splice(0)) gate.open();
    await Promise.all(open.splice(0).map((messaging) => messaging.close()));
  });

  function messaging(options: Partial<MessagingOptions> = {}): Messaging {
    const redis = { socket: { host: '127.0.0.1', port: own.server.port }, name: 'test' };
    const created = createMessaging({ redis, ...options });
    open.push(created);
    return created;
  }

  return {
    own,
    messaging,
    /** See `undisturbed`. */
    calm: undisturbed(() => own.redis),
    /** A topic of messaging of its own, that no other test uses. */
    topic<Value = number>(pattern: Pattern, codec?: Codec<Value>): Topic<Value> {
      return messaging().topic<Value>(`topic-${++topics}`, { pattern, codec });
    },
    /** Opens at the end of the test, so that nothing waits for its handlers. */
    gate<Value = number>(): Gate<Value> {
      const gate = new Gate<Value>();
      gates.push(gate as unknown as Gate<never>);
      return gate;
    },
    /** The same topic for somebody else, on connections of his own. */
    again<Value>(topic: Topic<Value>, codec?: Codec<Value>): Topic<Value> {
      return messaging().topic<Value>(topic.name, { pattern: topic.pattern, codec });
    },
    async backlog({ pattern, name }: Pick<Topic<never>, 'name' | 'pattern'>): Promise<Backlog> {
      return await pattern.backlog(own.redis, name, 'consumers');
    },
    /** Waits until nothing waits or is in flight. */
    async settled(topic: Pick<Topic<never>, 'name' | 'pattern'>): Promise<void> {
      await until(`nothing of ${topic.name} to be left`, async () => {
        const { waiting, inFlight } = await this.backlog(topic);
        return (waiting ?? Number.NaN) + inFlight === 0;
      });
    },
  };
}

/** Handlers that end when the test says so. */
export class Gate<Value = number> {
  readonly begun: Value[] = [];
  running = 0;
  most = 0;
  #release: (() => void)[] = [];
  #isOpen = false;

  readonly pass = async (value: Value): Promise<void> => {
    this.begun.push(value);
    this.running++;
    this.most = Math.max(this.most, this.running);
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#release.push(resolve));
    this.running--;
  };

  /** Lets those pass that wait, the oldest first. */
  release(count = Number.POSITIVE_INFINITY): void {
    for (const release of this.#release.splice(0, count)) release();
  }

  open(): void {
    this.#isOpen = true;
    this.release();
  }
}
