import type { Guarantees } from '@redis-messaging/shared';
import type { Happening, Snapshot, Summary } from '@redis-messaging/shared/live/protocol';
import type { RequestName } from '@redis-messaging/shared/live/supervisor';

/*
 * What the server and the page say to each other: plain JSON. The stream begins with a `PageSnapshot`; each `PageBatch` after it says
 * what has changed. Texts of messages, names and reasons in it are of anybody's making: the page shows them as text.
 */

/** What is to be known of a pattern; from its file in shared/src/patterns. */
export interface PatternFacts {
  readonly name: string;
  readonly commands: readonly string[];
  readonly guarantees: Guarantees;
  /** Else its messages go to all servers of a Cluster. */
  readonly isPartitionable: boolean;
  /** The environment variable that names its channel, list or stream. */
  readonly variable: string;
  /** Its file, from the project's folder. */
  readonly source: string;
}

/**
 * How a service is: `up`; `frozen` or `gone`, because this page did that or another instance has its name now; `silent`, which
 * is all that is known of one that says nothing.
 */
export type ServiceStatus = 'up' | 'silent' | 'frozen' | 'gone';

/** A process of the demo. */
export interface ServiceState {
  readonly status: ServiceStatus;
  /** Since when it is so: ms since 1970, by the server's clock, like all times here. */
  readonly since: number;
  /** When it was heard last: ms. */
  readonly heardAt: number;
  /** What it said last. */
  readonly snapshot: Snapshot;
}

/** Redis, as the server's own connection finds it. */
export interface RedisState {
  readonly status: 'up' | 'down' | 'unknown';
  /** Since when: ms. */
  readonly since: number;
  /** Host and port. */
  readonly address: string;
  /** '' while it is not known. */
  readonly version: string;
  /** The servers, if they are several: of a Cluster, or a primary with its replicas. As one of them says. */
  readonly nodes: readonly RedisNode[];
}

/** One of several Redis servers. */
export interface RedisNode {
  /** Host and port. */
  readonly address: string;
  readonly role: 'primary' | 'replica';
  /** Whether the others reach it. */
  readonly isUp: boolean;
  /** The address of its primary; '' of a primary. */
  readonly of: string;
  /** How many slots of a Cluster it has. */
  readonly slots: number;
  /** By pattern, how many of the topic's partitions it has; 1 of what goes to all servers. What it has none of is not there. */
  readonly lanes: Readonly<Record<string, number>>;
}

/** Something that happened to one message, for what moves on the page. */
export interface Happened {
  /** ms since 1970. */
  readonly at: number;
  readonly what: Happening;
  /** '' for `made`, which is for all patterns. */
  readonly lane: string;
  /** The instance that tells it. */
  readonly by: string;
  /** Names the message in all lanes. */
  readonly key: string;
  readonly count: number;
  readonly attempt?: number | undefined;
  readonly reply?: number | undefined;
  readonly fate?: string | undefined;
  readonly reason?: string | undefined;
  readonly text?: string | undefined;
}

/** How a pattern did during one second. */
export interface LanePoint {
  /** Accepted by Redis, per second. */
  readonly in: number;
  /** Handled, by all subscribers together, per second. */
  readonly out: number;
  /** From making to the end of the handler: ms; `null` if nothing was handled. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** In Redis; `null` if it is not known. */
  readonly waiting: number | null;
  /** In all until then. */
  readonly lost: number;
  readonly duplicated: number;
}

/** A second of the charts. */
export interface Point {
  /** Its end: ms since 1970. */
  readonly at: number;
  readonly lanes: Readonly<Record<string, LanePoint>>;
  /** By the subscriber's name, the longest of its lags by pattern: ms; `null` if it is not known. */
  readonly lagMs: Readonly<Record<string, number | null>>;
}

/** A fault, or a change, that the charts mark, and the lanes for a while. */
export interface Mark {
  readonly at: number;
  readonly kind: 'fault' | 'end' | 'change';
  readonly text: string;
  /** Where on the lanes; not there if it is not to be shown on them. */
  readonly place?: 'redis' | 'subscribers';
}

/** One step of a message's way. */
export interface Step {
  /** µs since 1970. */
  readonly at: number;
  readonly what: Happening;
  readonly lane: string;
  /** The name of the service that tells it. */
  readonly by: string;
  readonly attempt?: number | undefined;
  readonly reply?: number | undefined;
  readonly batch?: number | undefined;
  readonly entry?: string | undefined;
  readonly reason?: string | undefined;
  readonly fate?: string | undefined;
  /** What was said to Redis for it; '' if nothing was. */
  readonly command: string;
}

/** All that is known of a message. */
export interface MessageHistory {
  readonly key: string;
  readonly count: number;
  readonly id: string;
  readonly sender: string;
  readonly text: string;
  readonly steps: readonly Step[];
}

/** What can be done on this page, and how. */
export interface Abilities {
  /** Whether there are controls at all (DASHBOARD_CONTROLS). */
  readonly controls: boolean;
  /** What `npm start` does when asked; nothing in containers. */
  readonly requests: readonly RequestName[];
  /** Whether the services run in containers. */
  readonly containers: boolean;
}

/** All that a page needs to begin. */
export interface PageSnapshot {
  readonly at: number;
  readonly can: Abilities;
  readonly patterns: readonly PatternFacts[];
  readonly redis: RedisState;
  readonly services: readonly ServiceState[];
  readonly points: readonly Point[];
  readonly marks: readonly Mark[];
  /** The last ones, oldest first: what the lanes show at once. */
  readonly recent: readonly Happened[];
}

/** What has changed since the batch before. */
export interface PageBatch {
  readonly at: number;
  readonly redis?: RedisState | undefined;
  /** Those that changed; all of them if one has been forgotten. */
  readonly services?: readonly ServiceState[] | undefined;
  readonly areAll?: boolean | undefined;
  readonly happened?: readonly Happened[] | undefined;
  /** Of those of whom nobody says which: how many. */
  readonly summarized?: readonly Summary[] | undefined;
  readonly points?: readonly Point[] | undefined;
  readonly marks?: readonly Mark[] | undefined;
}

/** What became of a control. */
export interface ControlAnswer {
  readonly ok: boolean;
  /** Why not; '' if it was done. */
  readonly reason: string;
}
