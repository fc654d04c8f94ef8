import type { AckFate, Delivery, FailFate, Outage, Receipt, Write } from '../delivery/delivery.ts';
import type { SendFailure } from './producer/send-error.ts';

/** A message in a consumer's hands. */
export interface Incoming<Value> {
  readonly value: Value;
  /** As the codec knows it, else as Redis calls it. */
  readonly id: string | undefined;
  readonly delivery: Delivery;
}

/** Told what becomes of a producer's messages, batch by batch. What it throws is a mistake of its own, and ends the process. */
export interface ProducerObserver<Value> {
  /** Redis has taken them; what it answered to each. */
  accepted?(values: readonly Value[], receipt: Receipt): void;
  /** They are not in Redis, and will not be sent again. */
  refused?(values: readonly Value[], failure: SendFailure, reason: string): void;
  /** The connection broke before Redis answered. */
  unconfirmed?(values: readonly Value[]): void;
  /** They will be sent again, although they may have arrived. */
  retried?(values: readonly Value[]): void;
  /** Messages are refused or held back, with the reason; or it is over (`undefined`). Once for each change. */
  trouble?(reason: string | undefined): void;
}

/** Told what becomes of a consumer's messages, batch by batch. What it throws is a mistake of its own, and ends the consumer. */
export interface ConsumerObserver<Value> {
  /** Who is told of one partition, in place of this one. @param partition its number, from 0 */
  ofPartition?(partition: number): ConsumerObserver<Value>;
  /** The consumer has subscribed, and reading goes well; or it no longer is. */
  subscribed?(isSubscribed: boolean): void;
  /** Redis refuses to be read from, with the reason; or it is over (`undefined`). Once for each change. */
  trouble?(reason: string | undefined): void;
  /** They arrived, and wait for their handler. */
  received?(batch: readonly Incoming<Value>[]): void;
  /** Of the received: they had been delivered before, and not acknowledged. */
  redelivered?(batch: readonly Incoming<Value>[]): void;
  /** Their handler is done. They are acknowledged next. */
  handled?(batch: readonly Incoming<Value>[]): void;
  /**
   * Writes to be done by the acknowledgement's own script, so that a crash has both or neither. Called after `handled`, only for
   * patterns that deliver at least once. With `dedupeTtlMs` only the answer tells which of them were handled before.
   */
  writesOnAck?(): readonly Write[];
  /** The same for a payload that is about to go to the dead letters, because its attempts are exhausted: in that step's script. */
  writesOnDeath?(payload: Buffer): readonly Write[];
  /** Redis refused one of these writes; the messages are acknowledged, or dead, all the same. */
  writeRefused?(reason: string): void;
  /**
   * Whether `acknowledged` shall show the messages: asked when the first of a batch are handled. If it shall not, they are let go then,
   * and it is told of fates only. Not there: it shall.
   */
  wantsAcknowledged?(): boolean;
  /** Redis has answered their acknowledgement; the fate of each. */
  acknowledged?(batch: readonly Incoming<Value>[], fates: readonly AckFate[]): void;
  /** The same, for observers that only count: if nobody hears `acknowledged`, messages are let go as soon as they are handled. */
  acknowledgedAs?(fates: readonly AckFate[]): void;
  /** Its handler failed, with the reason; what becomes of it. */
  failed?(message: Incoming<Value>, reason: string, fate: FailFate): void;
  /**
   * A payload that the codec cannot decode, or that is too large, with the reason.
   * @param bytes how many it has, where only its beginning is given
   */
  invalid?(delivery: Delivery, reason: string, bytes?: number): void;
  /** A message was dead-lettered because its attempts were exhausted before it came to its handler. */
  dead?(payload: Buffer, reason: string): void;
  /** Redis refuses to store dead letters, with the reason, and they are kept for another try; or it is over (`undefined`). */
  deadLettersRefused?(reason: string | undefined): void;
  /** A payload could not be put among the dead letters, and Redis does not have it: nobody has it but the observer. */
  undeliverable?(delivery: Delivery, reason: string): void;
  /** Messages were gone from Redis before they were acknowledged. */
  missing?(messages: number): void;
  /** Messages were dropped because they arrived faster than they were handled; the first of them arrived then (µs since 1970). */
  overflow?(messages: number, since: number): void;
  /**
   * The connection broke, or is back: at most so many messages that Redis had handed over are lost with it, and, where Redis keeps
   * nothing, all that were published during the outage.
   */
  interrupted?(atMost: number, outage?: Outage): void;
  /** Not handled before the end: `requeued`, still `kept` by Redis, or `lost`. */
  unhandled?(deliveries: readonly Delivery[], fate: 'requeued' | 'kept' | 'lost'): void;
  /** They are no longer this consumer's, because it gave no sign of life for too long. */
  leaseLost?(deliveries: readonly Delivery[]): void;
}
