import type { Line } from '../../testkit/service-process.ts';
import type { Cause } from '../measure/result.ts';
import { sum } from './sum.ts';

export const NOBODY_LISTENED = 'nobody was listening';
/** A subscriber of a pattern that keeps nothing did not keep up. */
export const TOO_FAST = 'too fast for the subscriber';
/** Redis closed the connection of a subscriber that did not keep up. */
export const CUT_OFF = 'disconnected as too slow';
/** The cause of a loss for which there is no evidence. */
export const UNEXPLAINED = 'not explained';

/** Who should get every message, together, and what the logs say of it. */
export interface Audience {
  /** By name. */
  readonly subscribers: readonly string[];
  /** The `received` lines of all of them. */
  readonly deliveries: readonly Line[];
  /** The line of each message that Redis accepted, in the order in which the messages were made. */
  readonly accepted: readonly Line[];
}

/** Why messages may have been lost. It explains those for which there is evidence, and no others. */
export interface PossibleCause {
  readonly cause: string;
  /** Those that it explains, of the messages that an audience did not get. */
  explains(missing: readonly Line[], audience: Audience): readonly Line[];
}

/** A cause that is known by numbers only. */
export interface CountedCause {
  readonly cause: string;
  /** The most that it can have cost, by what was observed. */
  readonly atMost: number;
}

/** Redis told the publisher that it reached nobody. */
export const nobodyListened: PossibleCause = {
  cause: NOBODY_LISTENED,
  explains: (missing) => missing.filter(({ reply }) => reply === 0),
};

/** What an audience did not get, by cause: for each message the first that explains it. */
export function causesOf(missing: readonly Line[], audience: Audience, possible: readonly PossibleCause[]): Cause[] {
  const causes: Cause[] = [];
  let left = missing;
  for (const { cause, explains } of [nobodyListened, ...possible]) {
    const explained = new Set(explains(left, audience));
    if (explained.size > 0) causes.push({ cause, messages: explained.size });
    left = left.filter((line) => !explained.has(line));
  }
  return left.length > 0 ? [...causes, { cause: UNEXPLAINED, messages: left.length }] : causes;
}

/** The causes of a loss that is known by its number only: each as far as it goes, in their order; what is left is not explained. */
export function causesOfCount(lost: number, counted: readonly CountedCause[]): Cause[] {
  let left = Math.max(0, lost);
  return [...counted, { cause: UNEXPLAINED, atMost: Number.POSITIVE_INFINITY }].flatMap(({ cause, atMost }) => {
    const messages = Math.min(Math.max(0, atMost), left);
    left -= messages;
    return messages > 0 ? [{ cause, messages }] : [];
  });
}

/**
 * Causes that sum up to what is lost. What is missing, but kept by Redis, has no cause, and its ids are not known: so it is taken
 * for what is not explained, and then for what the last causes explain. What is lost beyond all causes is not explained.
 */
export function fitting(causes: readonly Cause[], lost: number): Cause[] {
  const explained = added(causes.filter(({ cause }) => cause !== UNEXPLAINED));
  return causesOfCount(
    lost,
    explained.map(({ cause, messages }) => ({ cause, atMost: messages })),
  );
}

/** Causes of several audiences or runs together: each once, in the order of their first appearance. */
export function added(causes: readonly Cause[]): Cause[] {
  const names = [...new Set(causes.map(({ cause }) => cause))];
  return names.map((name) => ({
    cause: name,
    messages: sum(causes.filter(({ cause }) => cause === name).map(({ messages }) => messages)),
  }));
}
