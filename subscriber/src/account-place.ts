import type { Write } from '@redis-messaging/shared/delivery/delivery';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { outcomeOf } from '@redis-messaging/shared/redis/outcome';
import type { Field } from './account-fields.ts';

/** A hash that holds a subscriber's account: beside the messages of a partition, so that each acknowledgement can write to it. */
export class AccountPlace {
  readonly redis: Redis;
  readonly key: string;
  /** What is not stored yet, as far as is known: values by their fields. */
  readonly #unsaved = new Map<string, string>();
  /** Fields to be removed. Apart from the values, because many gather between two saves, and values go with each acknowledgement. */
  readonly #unremoved = new Set<string>();
  /** Fields that may be in Redis: no others need to be removed. */
  readonly #inRedis = new Set<string>();
  /** Of the unsaved, what goes with an acknowledgement that is under way. */
  #written: readonly (readonly [field: string, value: string])[] = [];
  /** What was saved meanwhile of the same fields: the acknowledgement may be sent again, behind it, and overwrite it. */
  readonly #overtaken = new Map<string, string>();

  constructor(redis: Redis, key: string) {
    this.redis = redis;
    this.key = key;
  }

  get hasRemovals(): boolean {
    return this.#unremoved.size > 0;
  }

  /** What it holds. Throws like a command. */
  async read(): Promise<Readonly<Record<string, string>>> {
    const fields = await this.redis.hGetAll(this.key);
    for (const field of Object.keys(fields)) this.#inRedis.add(field);
    return fields;
  }

  /** What is to be stored, or removed, later. A field that is to be removed and ends with a colon stands for all that begin with it. */
  keep([field, value]: Field): void {
    if (value !== null) {
      this.#unsaved.set(field, value);
      this.#unremoved.delete(field);
    } else for (const each of this.#matching(field)) this.remove(each);
  }

  /** It is removed later, if it is there. */
  remove(field: string): void {
    this.#unsaved.delete(field);
    if (this.#inRedis.has(field)) this.#unremoved.add(field);
  }

  /** Redis has lost it. */
  lost(): void {
    this.#inRedis.clear();
  }

  /**
   * What is to be stored, as writes that go with an acknowledgement. They count as stored once `stored` is called. What is to be removed
   * is removed later, by a save of its own: Redis may refuse the one and do the other.
   */
  writes(): Write[] {
    this.#written = [...this.#unsaved];
    const args = this.#written.flat();
    for (const [field] of this.#written) this.#inRedis.add(field);
    return args.length > 0 ? [{ command: 'HSET', key: this.key, args }] : [];
  }

  /** One field, to be stored at once by somebody else's step. It is none of those that are to be stored later. */
  write(field: readonly [name: string, value: string]): Write {
    this.#inRedis.add(field[0]);
    return { command: 'HSET', key: this.key, args: field };
  }

  /** The writes were done. */
  stored(): void {
    this.#saved(this.#written);
    this.#written = [];
    for (const [field, value] of this.#overtaken) if (!this.#unsaved.has(field)) this.#unsaved.set(field, value);
    this.#overtaken.clear();
  }

  /** Stores and removes all that is to be. Throws like a command; what could not be stored is stored the next time. */
  async save(): Promise<void> {
    const unsaved = [...this.#unsaved];
    if (unsaved.length > 0) await this.#set(new Map(unsaved));
    this.#saved(unsaved);
    const written = new Set(this.#written.map(([field]) => field));
    for (const [field, value] of unsaved) if (written.has(field)) this.#overtaken.set(field, value);
    if (this.hasRemovals) await this.#removeAll([...this.#unremoved]);
  }

  async #set(values: Map<string, string>): Promise<void> {
    const added = [...values.keys()].filter((field) => !this.#inRedis.has(field));
    for (const field of added) this.#inRedis.add(field);
    try {
      await this.redis.hSet(this.key, values);
    } catch (error) {
      if (outcomeOf(error) === 'refused') for (const field of added) this.#inRedis.delete(field);
      throw error;
    }
  }

  async #removeAll(fields: readonly string[]): Promise<void> {
    for (const field of fields) this.#inRedis.delete(field); // at once: they may be set again meanwhile
    await this.redis.hDel(this.key, [...fields]);
    for (const field of fields) this.#unremoved.delete(field);
  }

  #saved(values: readonly (readonly [field: string, value: string])[]): void {
    for (const [field, value] of values) if (this.#unsaved.get(field) === value) this.#unsaved.delete(field);
  }

  #matching(field: string): readonly string[] {
    if (!field.endsWith(':')) return [field];
    return [...new Set([...this.#inRedis, ...this.#unsaved.keys()])].filter((each) => each.startsWith(field));
  }
}
