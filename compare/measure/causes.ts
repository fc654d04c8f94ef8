import type { Cause } from './result.ts';

const NOBODY_LISTENED = 'nobody was listening';
/** A subscriber of a pattern that keeps nothing did not keep up. */
export const TOO_FAST = 'too fast for the subscriber';
/** The cause of a loss for which no cause was found. */
export const UNEXPLAINED = 'not explained';

/** Why messages may have been lost, as far as the experiment knows. */
export interface PossibleCause {
  readonly cause: string;
  /** Explains at most this many messages. */
  readonly atMost?: number;
}

/**
 * The causes of a loss: first that nobody was listening, then the possible ones in their order, and what is left is unexplained.
 * @param noSubscribers how many messages reached no subscriber
 */
export function causesOf(lost: number, noSubscribers: number, possible: readonly PossibleCause[]): Cause[] {
  const all: readonly PossibleCause[] = [
    { cause: NOBODY_LISTENED, atMost: noSubscribers },
    ...possible,
    { cause: UNEXPLAINED },
  ];
  const causes: Cause[] = [];
  let left = Math.max(0, lost); // what is kept at the end is among the missing, but not lost
  for (const { cause, atMost = left } of all) {
    const messages = Math.min(atMost, left);
    if (messages > 0) causes.push({ cause, messages });
    left -= messages;
  }
  return causes;
}
