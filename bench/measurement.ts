import type { Pattern } from '@redis-messaging/shared/patterns/pattern';

/** Something that is measured for each pattern. */
export interface Measurement {
  readonly columns: readonly string[];
  /** How many messages, if nobody says otherwise. */
  readonly usualMessages: number;
  /** Measures a pattern on the Redis at this port of the loopback address: lines of the table, none if it does not apply. */
  rowsOf(pattern: Pattern, port: number, messages: number): Promise<string[][]>;
}
