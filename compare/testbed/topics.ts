import { keyOf } from '@redis-messaging/shared/delivery/keys';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Environment } from '../../local/process/environment.ts';
import { sum } from '../account/sum.ts';
import type { Subject } from '../peers/subject.ts';

/** What Redis holds of a topic. */
export interface Held {
  /** Messages that wait, for all groups together. */
  readonly waiting: number;
  /** Messages in the hands of subscribers, of all groups together. */
  readonly inFlight: number;
  readonly dead: number;
}

/** The topics of one run in Redis: their names, what they hold, and their removal. */
export class Topics {
  /** All names begin with this. */
  readonly prefix: string;
  readonly #redis: Redis;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.prefix = prefix;
  }

  nameOf(pattern: Subject): string {
    return `${this.prefix}:${pattern.name}`;
  }

  /** The variables that tell services where the messages of some patterns go. */
  envOf(patterns: readonly Subject[]): Environment {
    return Object.fromEntries(patterns.map((pattern) => [pattern.topic.variable, this.nameOf(pattern)]));
  }

  /** What Redis holds of a pattern's messages, for some groups; at least one. */
  async held(pattern: Subject, groups: readonly string[]): Promise<Held> {
    const asked = (pattern.guarantees.groups ? groups : groups.slice(0, 1)).map((group) =>
      pattern.backlog(this.#redis, this.nameOf(pattern), group),
    );
    const held = await Promise.all(asked);
    const total = (key: 'waiting' | 'inFlight') => sum(held.map((each) => each[key] ?? 0));
    return { waiting: total('waiting'), inFlight: total('inFlight'), dead: held[0]?.dead ?? 0 };
  }

  /** The ids of messages that Redis remembers as handled, by whatever group (DEDUPE_TTL). */
  async handledIds(pattern: Subject): Promise<Set<string>> {
    const ids = new Set<string>();
    for await (const keys of this.#redis.scanIterator({
      MATCH: keyOf(this.nameOf(pattern), 'handled', '*'),
      COUNT: 1000,
    }))
      for (const key of keys) ids.add(key.slice(key.lastIndexOf(':') + 1));
    return ids;
  }

  /** Removes every key of the run: the topics, and what belongs to a topic, whose keys begin with its name in braces. */
  async remove(): Promise<void> {
    for (const MATCH of [`${this.prefix}:*`, `{${this.prefix}:*`])
      for await (const keys of this.#redis.scanIterator({ MATCH, COUNT: 1000 }))
        if (keys.length > 0) await this.#redis.unlink(keys);
  }
}
