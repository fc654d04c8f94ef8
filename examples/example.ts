import type { Redis } from '@redis-messaging/shared/redis/client';

/** What an example is given. */
export interface Scene {
  /** Words behind the example's name. */
  readonly args: readonly string[];
  /** Aborts on Ctrl-C: end soon. */
  readonly signal: AbortSignal;
  /** Where Redis is, for parts that connect by themselves: redis://127.0.0.1:6379 */
  readonly redisUrl: string;
  /** Another connection, which is closed at the end. */
  connect(name: string): Promise<Redis>;
  /**
   * Says which keys the example makes; `name:*` are all that begin so. They are removed at the end, however it ends.
   * @throws if one is there already: this may be somebody's Redis, and it his
   */
  own(...keys: string[]): Promise<void>;
  /** Waits until `probe` returns something truthy, and returns it. @throws after 15 s, or when the signal aborts */
  until<Value>(what: string, probe: () => Value | Promise<Value>): Promise<NonNullable<Value>>;
  /** Prints a line behind the name of who says it. Text of others becomes harmless: no line moves the cursor. */
  say(who: string, line: string): void;
}

/** A small system that people build on a pattern. */
export interface Example {
  /** What it shows: a line for the list. */
  readonly about: string;
  /** The words with which it plays by itself and ends, if without them it serves until Ctrl-C. */
  readonly demoArgs?: readonly string[];
  /** Plays it. Leaves no process behind, and in Redis nothing but its own keys, which are removed after it. */
  run(scene: Scene): Promise<void>;
}
