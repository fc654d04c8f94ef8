import type { Redis, RedisOptions } from '@redis-messaging/shared/redis/client';

/** What an example is given. */
export interface Scene {
  /** The arguments after the example's name. */
  readonly args: readonly string[];
  /** Aborts on Ctrl-C: end soon. */
  readonly signal: AbortSignal;
  /** How parts that connect by themselves reach Redis. */
  readonly redis: RedisOptions;
  /** The same as a URL with everything but the files of TLS, for other processes: redis://127.0.0.1:6379 */
  readonly redisUrl: string;
  /** The variables that lead others on this machine there, as a shell takes them. A password is not among them. */
  readonly redisVariables: string;
  /** Another connection, which is closed at the end. */
  connect(name: string): Promise<Redis>;
  /**
   * Declares the keys that the example creates; `name:*` are all with that prefix. They are removed at the end, however it ends.
   * @throws if one exists already: it may be the user's
   */
  own(...keys: string[]): Promise<void>;
  /** Waits until `probe` returns something truthy, and returns it. @throws after 15 s, or when the signal aborts */
  until<Value>(what: string, probe: () => Value | Promise<Value>): Promise<NonNullable<Value>>;
  /** Prints a line behind a name. Untrusted text is sanitized: no line moves the cursor. */
  say(who: string, line: string): void;
}

/** A small system built on a pattern. */
export interface Example {
  /** What it shows: a line for the list. */
  readonly about: string;
  /** The arguments with which it runs by itself and ends, if it serves until Ctrl-C without them. */
  readonly demoArgs?: readonly string[];
  /** Runs it. Leaves no process behind, and in Redis only its own keys, which are removed afterwards. */
  run(scene: Scene): Promise<void>;
}
