import type { StatsByPattern } from '../accounting/stats.ts';

/*
 * What the live page and the services say to each other, by Pub/Sub, on three channels of their own. All of it is plain JSON with
 * the number of its schema, so that it can be recorded. Whoever may publish to the Redis can say anything here: what arrives is
 * read by read-announcement.ts and read-control.ts, never as it is.
 */

/** The number of the schema: each message has it as `v`, and what has another is ignored. */
export const SCHEMA = 1;

/** The dashboard says here every WATCHING_EVERY_MS that somebody looks. */
export const WATCHING_CHANNEL = 'redis-messaging:live:watching';
/** From the services to the dashboard: snapshots, events, and what became of controls. */
export const ANNOUNCEMENTS_CHANNEL = 'redis-messaging:live:announcements';
/**
 * From the dashboard to the services. The dashboard gives the connection on which it listens a name that ends with ONLOOKER (see
 * redis/slow-subscribers.ts), so that no publisher waits for it.
 */
export const CONTROLS_CHANNEL = 'redis-messaging:live:controls';

/** How often the dashboard says that somebody looks: ms. */
export const WATCHING_EVERY_MS = 2000;
/** Services announce while they have heard that within this time: ms. */
export const WATCHED_FOR_MS = 5000;
/** From one snapshot of a service to the next: ms. */
export const SNAPSHOT_EVERY_MS = 250;
/** From one batch of events of a service to the next, at least: ms. */
export const EVENTS_EVERY_MS = 50;
/** The most bytes of one announcement. */
export const MOST_BYTES = 64 * 1024;
/** A service that makes, or handles by a pattern, more messages per second than this tells how many, not which. */
export const MOST_SHOWN_PER_SECOND = 200;
/** The longest text of a message in an event: characters. */
export const MOST_TEXT = 200;
/** The longest name of a service, pattern or subscriber, and the longest topic and reason, that a service tells: characters. */
export const MOST_NAME = 300;

/** What is said on the watching channel. */
export const WATCHING = JSON.stringify({ kind: 'watching', v: SCHEMA } satisfies Watching);

export type ServiceName = 'publisher' | 'subscriber';

/** What CLIENT LIST calls the first connection of a service that takes part; the others have a role behind it, after a colon. */
export const connectionName = (service: ServiceName, instance: string): string => `${service}:${instance}`;

/** What a message says of its sender. */
export interface Origin {
  readonly v: typeof SCHEMA;
  readonly service: ServiceName;
  /** A publisher's SENDER, a subscriber's CONSUMER: stays the same when it is started again. */
  readonly name: string;
  /** Random, made when the process began: changes when it is started again. */
  readonly instance: string;
  /** When it was said: ms since 1970. */
  readonly at: number;
}

/** What controls can change in a publisher, as it is now. */
export interface PublisherSettings {
  /** Seconds from one message to the next, at the pace 1; 0 = as fast as Redis takes them. */
  readonly interval: number;
  /** 0.1 to 1: how fast time runs for the interval. */
  readonly pace: number;
  readonly isPaused: boolean;
}

/** What controls can change in a subscriber, as it is now. */
export interface SubscriberSettings {
  /** Seconds of simulated work for each message, at the pace 1. `null` = a HANDLER of its own, which controls do not change. */
  readonly workTime: number | null;
  /** The share of messages whose simulated work fails: 0 to 1. `null` with a HANDLER. */
  readonly failRate: number | null;
  /** The most messages of a pattern that are handled at a time. */
  readonly concurrency: number;
  /** 0.1 to 1: how fast time runs for the simulated work. */
  readonly pace: number;
}

/** What happened in a pattern since the service's snapshot before: for charts. */
export interface Lately {
  /** Since when: ms. */
  readonly ms: number;
  /** Publisher: accepted by Redis. Subscriber: received, duplicates included. */
  readonly in: number;
  /** Subscriber: handled here; `null` of a publisher. */
  readonly out: number | null;
  /** Subscriber: from making to receiving, ms, of what was handled; `null` if nothing was, or of a publisher. */
  readonly latencyMs: Quantiles | null;
  /** The same until the end of the handler. */
  readonly handledMs: Quantiles | null;
  /**
   * Subscriber: lag in time: how long ago the oldest message that waits for its handler here, or else the one handled last while
   * more wait in Redis, was made: ms; 0 = nothing waits. `null` if that is not known.
   */
  readonly lagMs: number | null;
}

/** Of a share of the messages, taken at random, when they are more than 1,000. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** How many were measured. */
  readonly of: number;
}

interface SnapshotOf<Service extends ServiceName, Settings> extends Origin {
  readonly kind: 'snapshot';
  readonly service: Service;
  readonly pid: number;
  readonly host: string;
  /** When the process began: ms since 1970. */
  readonly startedAt: number;
  /** A subscriber's group; `null` of a publisher. */
  readonly group: string | null;
  /** Whether it takes controls (DASHBOARD_CONTROLS). */
  readonly takesControls: boolean;
  readonly settings: Settings;
  /** The account of the tables, by the names of the patterns. */
  readonly patterns: StatsByPattern;
  /** The channel, list or stream of each pattern. */
  readonly topics: Readonly<Record<string, string>>;
  /** Into how many partitions those are split that can be. */
  readonly partitions: number;
  readonly lately: Readonly<Record<string, Lately>>;
}

/** How things stand in a service: SNAPSHOT_EVERY_MS. */
export type Snapshot = SnapshotOf<'publisher', PublisherSettings> | SnapshotOf<'subscriber', SubscriberSettings>;

/**
 * What happened to a message.
 *
 * Publisher: `made` (once, for all patterns); by each pattern `accepted`, `refused`, `unconfirmed` (the connection broke before
 * Redis answered), `retried` (sent again after that).
 * Subscriber: `received`, `handled` (its handler is done, and it is acknowledged next), `acknowledged` (`reason` says if it was
 * not the subscriber's any more), `deduplicated`, `failed` (`reason`, and `fate` in it), `dead` (dead-lettered), `lost` (taken from
 * Redis, and neither handled nor given back), `requeued` (given back unhandled), `kept` (unhandled, and still Redis'), `lease-lost`
 * (another has it), `dropped` (came faster than it was handled), `invalid` (not a message), `missing` (gone from Redis before it was
 * acknowledged).
 */
export const HAPPENINGS = [
  'made',
  'accepted',
  'refused',
  'unconfirmed',
  'retried',
  'received',
  'handled',
  'acknowledged',
  'deduplicated',
  'failed',
  'dead',
  'lost',
  'requeued',
  'kept',
  'lease-lost',
  'dropped',
  'invalid',
  'missing',
] as const;

export type Happening = (typeof HAPPENINGS)[number];

/** Something that happened to one message. */
export interface LiveEvent {
  /** When: µs since 1970. */
  readonly at: number;
  readonly what: Happening;
  /** Not there for `made`, which is for all patterns. */
  readonly pattern?: string;
  /** The message's UUID; this and the next three are not there for `invalid`. */
  readonly id?: string;
  readonly count?: number;
  readonly sender?: string;
  /** The sender's session, if it names one. */
  readonly session?: string;
  /** Subscriber: 1 = delivered for the first time. */
  readonly attempt?: number;
  /** What Redis calls it: a stream's entry id. */
  readonly entry?: string;
  /** `accepted`: subscribers reached, or the length of the queue with it. */
  readonly reply?: number;
  /** `accepted`, `received`, `acknowledged`: how many messages went, came or were acknowledged together with it, it included. */
  readonly batch?: number;
  /** Why, fit to be shown. */
  readonly reason?: string;
  /** `failed`: what becomes of it. */
  readonly fate?: 'again' | 'dead' | 'lost' | 'lost-lease';
  /** `made`, `received`, `invalid`: its text, or the beginning of the payload, at most MOST_TEXT characters. Of anybody's making. */
  readonly text?: string;
}

/** How many messages something happened to that is not told one by one. `pattern` is '' for `made`. */
export interface Summary {
  readonly pattern: string;
  readonly what: Happening;
  readonly messages: number;
}

/**
 * What happened since the service's batch before. Everything that happened while somebody looked is either in `events` or in
 * `summarized`, and in one of them only.
 */
export interface Events extends Origin {
  readonly kind: 'events';
  readonly events: readonly LiveEvent[];
  readonly summarized: readonly Summary[];
}

/** What became of a control, told by each service that it was for. */
export interface Done extends Origin {
  readonly kind: 'done';
  /** The control's `id` and `do`. */
  readonly control: string;
  readonly do: Action;
  readonly ok: boolean;
  /** Why not; '' if it was done. */
  readonly reason: string;
}

export type Announcement = Snapshot | Events | Done;

/** Somebody looks. */
export interface Watching {
  readonly kind: 'watching';
  readonly v: typeof SCHEMA;
}

/** What can be done to a publisher. */
export const PUBLISHER_ACTIONS = [
  'interval',
  'burst',
  'pause',
  'resume',
  'pace',
  'step',
  'send',
  'sendBroken',
  'die',
] as const;
/** What can be done to a subscriber. */
export const SUBSCRIBER_ACTIONS = ['workTime', 'failRate', 'concurrency', 'pace', 'die'] as const;

export type Action = (typeof PUBLISHER_ACTIONS)[number] | (typeof SUBSCRIBER_ACTIONS)[number];

/** The values of actions that have one. Others have none. */
export const RANGES = {
  /** Seconds from one message to the next: 5,000 to 0.2 per second. */
  interval: { least: 0.0002, most: 5, isWhole: false },
  /** Messages made at once, beside the pace; also while it is paused. */
  burst: { least: 1, most: 10_000, isWhole: true },
  /** How fast time runs for the publisher's interval and the subscriber's work. */
  pace: { least: 0.1, most: 1, isWhole: false },
  /** Seconds. */
  workTime: { least: 0, most: 60, isWhole: false },
  failRate: { least: 0, most: 1, isWhole: false },
  concurrency: { least: 1, most: 100, isWhole: true },
} as const satisfies Partial<Record<Action, { least: number; most: number; isWhole: boolean }>>;

/** The longest text of `send` and `sendBroken`: characters. */
export const MOST_SENT_TEXT = 1000;

/**
 * Asks services to do something: all of a kind, or one of them. `step` makes one message, and pauses; `send` makes one with the text
 * `value`; `sendBroken` publishes `value` as it is, which must not be a message; `die` ends the process by SIGKILL.
 */
export interface Control {
  readonly kind: 'control';
  readonly v: typeof SCHEMA;
  /** Names it in the answer (`Done`): 1 to 64 letters, digits, `_` or `-`. */
  readonly id: string;
  readonly to: { readonly service: ServiceName; readonly instance?: string };
  readonly do: Action;
  readonly value?: number | string;
}
