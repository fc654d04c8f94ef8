import type { Pattern } from '@redis-messaging/shared/patterns/pattern';

interface Table {
  readonly columns: readonly string[];
  /** How many messages, without MESSAGES. */
  readonly usualMessages: number;
}

/** A measurement for each pattern: a table. */
interface OfEachPattern extends Table {
  readonly isOfAllTogether?: false;
  /** Measures a pattern on the Redis at this port of the loopback address. @returns rows; none if it does not apply */
  rowsOf(pattern: Pattern, port: number, messages: number): Promise<string[][]>;
}

/** A measurement of all patterns at work at the same time. */
interface OfAllTogether extends Table {
  readonly isOfAllTogether: true;
  rowsOf(patterns: readonly Pattern[], port: number, messages: number): Promise<string[][]>;
}

export type Measurement = OfEachPattern | OfAllTogether;
