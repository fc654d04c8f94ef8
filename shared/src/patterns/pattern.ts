import type { DeadLetterStore } from '../delivery/dead-letters.ts';
import type { Idempotency, Payload, Receipt, SubscribeOptions, Subscription } from '../delivery/delivery.ts';
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
  /** With one subscriber, a concurrency of 1 and no redelivery, messages are handled in the order in which they were published. */
  readonly ordered: boolean;
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

/**
 * The rights that a Redis user needs to call one of a pattern's functions, in the words of ACL rules: the names of commands;
 * `~topic` and `&topic`, if the topic is a key or a channel; `~topic:*`, all keys that belong to it.
 */
export type Rights = readonly string[];

/**
 * One way to pass messages through Redis: a fact sheet and three functions. Both sides stand in the same file.
 * A new pattern is a new file in patterns/ and a line in its index.
 */
export interface Pattern {
  /** The word in PATTERN=, in logs and in tables. */
  readonly name: string;
  /** The Redis commands that carry the messages. */
  readonly commands: readonly string[];
  readonly guarantees: Guarantees;
  /** The least rights that suffice for each of its functions, besides those of every connection; measured by the tests. */
  readonly rights: { readonly publish: Rights; readonly subscribe: Rights; readonly backlog: Rights };
  /** The command, before its payload, with which redis-benchmark publishes to a key; without it, there is no such figure. */
  readonly benchmark?: (key: string) => readonly string[];
  /** Whether a topic can be split into partitions, each with a server of its own in a Cluster. */
  readonly isPartitionable: boolean;
  /** The environment variable that names the topic (channel, list or stream), its default, and what it is. */
  readonly topic: { readonly variable: string; readonly default: string; readonly about: string };
  /** Where it keeps what could not be delivered; not there if it keeps nothing. */
  readonly deadLetters?: DeadLetterStore;
  /** What happened to a published message, for people. */
  sent(topic: string, reply: number): string;
  /**
   * Sends the payloads in order; resolves once Redis has taken all of them. Errors: see `outcomeOf` in redis/outcome.ts. With
   * `once` (where unread messages are kept) leaves out those whose ids have been published, so that it may be repeated.
   */
  publish(redis: Redis, topic: string, payloads: readonly Payload[], once?: Idempotency): Promise<Receipt>;
  /** Resolves once whatever is published from now on will be seen. Opens and owns the connections that it needs. */
  subscribe(connection: Connection, topic: string, options: SubscribeOptions): Promise<Subscription>;
  /** Counts what waits for a group, what is in somebody's hands, and who listens. */
  backlog(redis: Redis, topic: string, group: string): Promise<Backlog>;
}
