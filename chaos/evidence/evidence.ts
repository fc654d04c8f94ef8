import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Happened } from '../history.ts';
import type { Instance } from '../service.ts';
import type { Poison } from '../system.ts';

/** What is known of one message of a pattern. Times: ms since 1970. */
export interface Life {
  /** When Redis had accepted it, says the publisher's log; `undefined` for one that the publisher was killed before it could log. */
  acceptedAt?: number | undefined;
  /** When it was made. */
  madeAt?: number | undefined;
  /** When a handler was done with it for the first time. */
  handledAt?: number | undefined;
  /** The process id of the subscriber, for each time that it was handled; who was done with it first comes first. */
  readonly handledBy: number[];
  /** When its handler failed for the last time. */
  failedAt?: number | undefined;
}

/** What Redis holds of a topic, each message by its key: its id, or the SHA-1 of its payload. */
export interface Held {
  readonly waiting: readonly string[];
  readonly inFlight: readonly string[];
  readonly dead: readonly { readonly key: string; readonly sha1: string }[];
}

/** Everything that is known of one pattern's messages when all is over. */
export interface PatternEvidence {
  readonly name: string;
  readonly guarantees: Guarantees;
  /** By id. */
  readonly lives: ReadonlyMap<string, Life>;
  readonly held: Held;
  readonly poison: readonly Poison[];
  /** Whether messages were handled again when all faults were over. */
  readonly isFlowing: boolean;
}

/** What a subscriber said when it was asked whether it is ready; `at` in ms since 1970. */
export interface Sample {
  readonly subscriber: string;
  readonly at: number;
  readonly isReady: boolean;
  /** Whether it answered at all. */
  readonly isAnswered: boolean;
}

/** A service with all the processes that it has been. */
export interface ServiceEvidence {
  readonly name: string;
  readonly role: 'publisher' | 'subscriber';
  readonly instances: readonly Instance[];
}

/** What the oracle judges by: logs, the notes of handlers, and Redis; never the services' own accounts. */
export interface Evidence {
  readonly patterns: readonly PatternEvidence[];
  readonly services: readonly ServiceEvidence[];
  readonly faults: readonly Happened[];
  readonly readiness: readonly Sample[];
  /** When all was over: ms since 1970. */
  readonly endedAt: number;
}

/** A broken promise. */
export interface Violation {
  readonly promise:
    | 'lost'
    | 'stuck'
    | 'twice'
    | 'name'
    | 'poison'
    | 'silent'
    | 'account'
    | 'exit'
    | 'memory'
    | 'readiness';
  /** For people. */
  readonly text: string;
  /** The messages concerned. */
  readonly keys: readonly string[];
  /** The time in which it happened, as far as is known: ms since 1970. */
  readonly from: number;
  readonly until: number;
}
