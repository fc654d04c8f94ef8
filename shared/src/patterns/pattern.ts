import type { Once } from '../delivery/idempotency.ts';
import type { Redis } from '../redis/client.ts';

import type { Connection } from '../redis/connection.ts';

/** What a pattern promises. Read by the tests and the documentation; each line is checked against a real Redis. */
export interface Guarantees {
  /** How often a message that Redis accepted reaches its reader: never twice, or never not at all. */
  readonly delivery: 'at-most-once' | 'at-least-once';
  /** Who gets a message: every subscriber a copy of its own, or one of them. */
  readonly audience: 'every-subscriber' | 'one-subscriber';
  /** Each group of subscribers gets every message, and its members share them. */
  readonly groups: boolean;
  /** A message published while nobody listens is delivered later. */
  readonly keepsUnread: boolean;
  /** A group that comes later gets also what others have handled already, as far back as Redis keeps it. */
  readonly replays: boolean;
  /** A message in the hands of a subscriber that is killed is delivered again. */
  readonly survivesCrash: boolean;
  /** With one subscriber and no redelivery, messages arrive in the order in which they were published. */
  readonly ordered: boolean;
}

/** The bytes of a message, or its text in UTF-8. */
export type Payload = string | Buffer;

/** What Redis answered to each payload of a batch: subscribers reached (Pub/Sub), or the length of the queue with it. */
export type Receipt = readonly number[];

/** A payload in a subscriber's hands. */
export interface Delivery {
  /** The bytes as they were published. */
  readonly payload: Buffer;
  /** When this process got it: µs since 1970. */
  readonly receivedAt: number;
  /** How often it has been delivered, this time included: 1 = the first time. */
  readonly attempt: number;
  /** What Redis calls it, where it has a name: a stream's entry id. */
  readonly id?: string;
  /** The channel that it came by, where the subscription is to many. */
  readonly channel?: string;
}

/** What Redis holds for a topic right now. */
export interface Backlog {
  /** Messages that wait for a subscriber; `null` where Redis cannot tell. */
  readonly waiting: number | null;
  /** Messages in the hands of subscribers, not acknowledged yet. */
  readonly inFlight: number;
  /** Messages among the dead letters. */
  readonly dead: number;
  /** Subscribers of this topic, by its exact name; `null` where Redis cannot tell. */
  readonly listeners: number | null;
  /** Subscriptions to channels by wildcard, of all topics: Redis does not tell which channels they cover. */
  readonly wildcards?: number;
  /** Channels that somebody listens to, of those that the topic stands for. */
  readonly channels?: number;
}

export interface SubscribeOptions {
  /** When it aborts, nothing more is taken; what has been taken is still yielded, then the iteration ends. */
  readonly signal: AbortSignal;
  /** The most deliveries in one batch. A crash can cost this many where the pattern does not survive one. */
  readonly batch: number;
  /** Who this subscriber is: what it has in hand is kept under this name, also while it is away. */
  readonly consumer: string;
  /** Subscribers of one group share the messages of a stream; each group gets all of them. */
  readonly group: string;
  /** Where a new group of a stream begins: at its oldest message, or with what comes from now on. */
  readonly groupStart: '0' | '$';
  /** What a subscriber has had in hand for so long without a sign of life goes to another: ms. */
  readonly reclaimAfterMs: number;
  /** A message that was delivered so often and never acknowledged goes to the dead letters. */
  readonly maxAttempts: number;
  /** A stream that is longer loses its oldest messages, but never one that a group has not acknowledged; 0 = no limit. */
  readonly maxLength: number;
  /** Called when messages turn out to be gone from Redis before they were acknowledged: how many. */
  readonly onMissing?: (messages: number) => void;
  /** Called when a message went to the dead letters because its attempts were used up. */
  readonly onDead?: (payload: Buffer, reason: string) => void;
  /** Called when a subscriber that is too slow makes the pattern drop deliveries: how many, since the last call. */
  readonly onOverflow?: (dropped: number) => void;
}

/**
 * Batches of deliveries, each of at least one. Iterate it once, and settle a batch before asking for the next: what is not
 * settled when the connection breaks is delivered again. The iteration survives lost connections, throws what
 * Redis refuses (an ErrorReply), and ends when the signal aborts. Disposing it returns its connections.
 */
export interface Subscription extends AsyncIterable<readonly Delivery[]>, AsyncDisposable {
  /**
   * The handler is done with these. Does nothing where Redis keeps nothing to be told about. With `once` (where delivery is at
   * least once), also marks their ids as handled, in the same step.
   * @returns whether each was not marked before; all true without `once`; `undefined` if the stop came before Redis' answer
   */
  ack(done: readonly Delivery[], once?: Once): Promise<readonly boolean[] | undefined>;
  /** Whether a message has been handled, by its id, as far as `ack` with `once` has marked it. */
  wasHandled(id: string): Promise<boolean>;
  /** Puts a delivery that can never be handled among the dead letters, original bytes kept. Resolves once it is there. */
  reject(bad: Delivery, reason: string): Promise<void>;
  /**
   * The handler failed: the delivery comes `again` later, or is `dead` (its attempts are used up, and it is among the dead
   * letters with this reason), or is `lost` where Redis keeps nothing.
   */
  fail(failed: Delivery, reason: string): Promise<'again' | 'dead' | 'lost'>;
  /** Gives back deliveries that were not handled, in order, to be delivered next. True if Redis has them again. */
  release(unhandled: readonly Delivery[]): Promise<boolean>;
}

/**
 * One way to pass messages through Redis: a fact sheet and three functions. Both sides stand in the same file.
 * A new pattern is a new file in patterns/ and a line in its index.
 */
export interface Pattern {
  /** The word in PATTERN=. */
  readonly name: string;
  /** What log lines call it. */
  readonly label: string;
  /** The Redis commands that carry the messages. */
  readonly commands: readonly string[];
  readonly guarantees: Guarantees;
  /** The environment variable that names the topic (channel, list or stream), its default, and what it is. */
  readonly topic: { readonly variable: string; readonly default: string; readonly about: string };
  /** What happened to a published message, for people. */
  sent(topic: string, reply: number): string;
  /**
   * Sends the payloads in order; resolves once Redis has taken all of them. Errors: see `outcomeOf` in redis.ts. With `once`
   * (where unread messages are kept) leaves out those whose ids have been published, so that it may be repeated.
   */
  publish(redis: Redis, topic: string, payloads: readonly Payload[], once?: Once): Promise<Receipt>;
  /** Resolves once whatever is published from now on will be seen. Opens and owns the connections that it needs. */
  subscribe(connection: Connection, topic: string, options: SubscribeOptions): Promise<Subscription>;
  /** Counts what waits for a group, what is in somebody's hands, and who listens. */
  backlog(redis: Redis, topic: string, group: string): Promise<Backlog>;
}
