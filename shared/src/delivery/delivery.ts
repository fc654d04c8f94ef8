/** The bytes of a message, or its text in UTF-8. */
export type Payload = string | Buffer;

/** What Redis answered to each payload of a batch: subscribers reached (Pub/Sub), or the length of the queue with it. */
export type Receipt = readonly number[];

/** The lengths that a list or stream had with each of the last `count` elements, the last one making it `length`. */
export const lengthsUpTo = (length: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => length - count + 1 + index);

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

/** A subscription that Redis pushes messages to was interrupted. */
export interface Outage {
  /** When it was there for the last time, as far as anybody knows: µs since 1970. */
  readonly since: number;
  /** Whether it is there again. */
  readonly isOver: boolean;
}

/** What a pattern needs to know to subscribe. */
export interface SubscribeOptions {
  /** When it aborts, nothing more is taken. */
  readonly signal: AbortSignal;
  /** Who this subscriber is: what it has in flight is kept under this name, also while it is gone. */
  readonly consumer: string;
  /** What tells this consumer from another of the same name, also when it subscribes again; made if not given. */
  readonly instance?: string;
  /** Subscribers of one group share the messages of a stream; each group gets all of them. */
  readonly group: string;
  /** Where a new group of a stream begins: at its oldest message, or with what comes from now on. */
  readonly groupStart: '0' | '$';
  /** What a subscriber has in flight belongs to it for this long after its last sign of life: ms. */
  readonly leaseMs: number;
  /** A message with this many failed attempts goes to the dead letters. */
  readonly maxAttempts: number;
  /** A stream that is longer loses its oldest messages, but never one that a group has not acknowledged; 0 = no limit. */
  readonly maxLength: number;
  /** A larger message is not delivered, but dead-lettered where Redis keeps it: bytes. */
  readonly maxMessageBytes: number;
  /** The id of a message, where its codec knows one: attempts are counted by it, else by the payload's bytes. */
  readonly identify?: (payload: Buffer) => string | undefined;
  /** What is to be written in the same step in which a message whose attempts are exhausted goes to the dead letters. */
  readonly writesOnDeath?: (payload: Buffer) => readonly Write[];
  /** Called with the reason when Redis refuses such a write. */
  readonly onWriteRefused?: (reason: string) => void;
  /** Called when messages turn out to be gone from Redis before they were acknowledged: how many. */
  readonly onMissing?: (messages: number) => void;
  /** Called when a message was dead-lettered because its attempts were exhausted. */
  readonly onExhausted?: (payload: Buffer, reason: string) => void;
  /** Called when a message was dead-lettered because it is too large: its size (bytes), its beginning, and the reason. */
  readonly onTooLarge?: (bytes: number, beginning: Buffer, reason: string) => void;
  /**
   * Called when a subscriber that is too slow makes the pattern drop deliveries: how many, since the last call, and when the first of
   * them arrived (µs since 1970).
   */
  readonly onOverflow?: (dropped: number, since: number) => void;
  /**
   * Called when a connection broke, or comes back, with what it may have cost: at most so many messages that Redis had handed over,
   * and, where Redis keeps nothing, all that were published during the outage.
   */
  readonly onInterrupted?: (atMost: number, outage?: Outage) => void;
  /** Called when subscribing has to wait, with the reason. */
  readonly onWaiting?: (reason: string) => void;
  /** Called when deliveries are no longer this subscriber's, because it gave no sign of life for too long. */
  readonly onLeaseLost?: (deliveries: readonly Delivery[]) => void;
}

/**
 * What became of an acknowledgement: `done`; `repeated`, if the message's id was marked as handled before; or `lost-lease`: it
 * was no longer this subscriber's, and nothing was changed.
 */
export type AckFate = 'done' | 'repeated' | 'lost-lease';

/** What became of a delivery whose handler failed. */
export type FailFate = 'again' | 'dead' | 'lost' | 'lost-lease';

/** A write that goes with an acknowledgement, in the same script. Its key must be in the topic's slot. */
export interface Write {
  readonly command: 'HSET' | 'HDEL' | 'PEXPIRE';
  readonly key: string;
  readonly args: readonly string[];
}

/** Makes something happen once for each message, by its id, however often it is tried. */
export interface Idempotency {
  /** The ids of the messages, in their order. */
  readonly ids: readonly string[];
  /** How long Redis remembers an id: ms. Longer than any repetition can take. */
  readonly ttlMs: number;
}

/** What an acknowledgement does besides. */
export interface AckExtras {
  /** Marks the messages' ids as handled. */
  readonly once?: Idempotency | undefined;
  /** Done after the acknowledgement; that Redis refuses one of them does not undo it, and is reported. */
  readonly writes?: readonly Write[] | undefined;
  /** Called with the reason when Redis refuses a write. */
  readonly onWriteRefused?: ((reason: string) => void) | undefined;
}

/**
 * A source of deliveries. Every delivery is to be settled once: by `ack`, `reject`, `fail` or `requeue`. What is not settled when
 * the subscriber ends is delivered again, where the pattern survives a crash. It survives lost connections.
 */
export interface Subscription extends AsyncDisposable {
  /** When Redis answered it last, even with nothing: steady ms. */
  readonly answeredAt: number;
  /** Whether the next deliveries may be asked for before the last ones are handled: those come again if nobody handles them. */
  readonly mayTakeAhead?: boolean;
  /**
   * Waits for deliveries, and takes at most `limit` of them. Called again only after it has resolved.
   * @returns at least one; `undefined` when the signal has aborted and nothing more will come. Throws what Redis refuses.
   */
  take(limit: number): Promise<readonly Delivery[] | undefined>;
  /**
   * The handler is done with these. Does nothing where Redis keeps nothing to be told about.
   * @returns the fate of each; `undefined` if the stop came before Redis' answer
   */
  ack(done: readonly Delivery[], extras?: AckExtras): Promise<readonly AckFate[] | undefined>;
  /** Whether a message has been handled, by its id, as far as `ack` with `once` has marked it. */
  wasHandled(id: string): Promise<boolean>;
  /**
   * Puts a delivery that can never be handled among the dead letters, original bytes kept. Resolves once it is there, or with
   * `lost-lease` if it was no longer this subscriber's.
   */
  reject(bad: Delivery, reason: string): Promise<'dead' | 'lost' | 'lost-lease'>;
  /**
   * The handler failed: the delivery comes `again` later, or is `dead` (its attempts are exhausted, and it is among the dead
   * letters with this reason), or is `lost` where Redis keeps nothing.
   */
  fail(failed: Delivery, reason: string): Promise<FailFate>;
  /** Gives back deliveries that were not handled, in order, to be delivered next. True if Redis has them again. */
  requeue(unhandled: readonly Delivery[]): Promise<boolean>;
}

/** Why a message is not delivered that is too large. */
export const tooLarge = (bytes: number, longest: number): string =>
  `it has ${bytes} bytes, and ${longest} are allowed (MAX_MESSAGE_BYTES, or the option \`maxMessageBytes\`)`;

/** Every delivery is settled by having been taken: the acknowledgement of a pattern that has none. */
export const allDone = (deliveries: readonly Delivery[]): AckFate[] => deliveries.map(() => 'done');
