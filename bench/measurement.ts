import type { Pattern } from '@redis-messaging/shared/patterns/pattern';

/** A measurement for each pattern: a table. */
export interface Measurement {
  readonly columns: readonly string[];
  /** How many messages, without MESSAGES. */
  readonly usualMessages: number;
  /** Measures a pattern on the Redis at this port of the loopback address. @returns rows; none if it does not apply */
  rowsOf(pattern: Pattern, port: number, messages: number): Promise<string[][]>;
}
