import type { Redis } from '@redis-messaging/shared/redis';

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
  /** Prints a line behind the name of who says it. */
  say(who: string, line: string): void;
}

/** A small system that people build on a pattern. */
export interface Example {
  /** What it shows: a line for the list. */
  readonly about: string;
  /** The words with which it plays by itself and ends, if without them it serves until Ctrl-C. */
  readonly demoArgs?: readonly string[];
  /** Plays it, and leaves nothing behind: no process, no connection, no key. */
  run(scene: Scene): Promise<void>;
}
