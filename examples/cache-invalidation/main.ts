import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Example } from '../example.ts';

const CHANNEL = 'cache:invalidate';
const PRODUCT = 'cache:product:1';
const EXPIRY_SECONDS = 3600;

const versionOf = (key: string): string => `${key}:version`;

/** A copy, with the version that Redis had before the original was read: a later version makes it invalid. */
interface Copy {
  readonly price: number;
  readonly version: string | null;
}

/** One process of the application: its own memory first, then Redis, then the database. */
class Instance {
  readonly #local = new Map<string, Copy>();
  readonly #database: Map<string, number>;
  readonly #redis: Redis;
  readonly #listener: Redis;
  /** Invalidations so far. */
  invalidations = 0;

  /** @param database the source of truth, which is slow: here only a map */
  constructor(database: Map<string, number>, redis: Redis, listener: Redis) {
    this.#database = database;
    this.#redis = redis;
    this.#listener = listener;
  }

  /** Listens for invalidations. What was published before this is missed. */
  async listen(): Promise<void> {
    await this.#listener.subscribe(CHANNEL, (key) => {
      this.#local.delete(key);
      this.invalidations += 1;
    });
  }

  /** Stands for a broken connection: what is published meanwhile is never received. */
  async cutOff(): Promise<void> {
    await this.#listener.unsubscribe(CHANNEL);
  }

  /** Read-through: each level that does not have it asks the next one, and keeps the answer. */
  async read(key: string): Promise<{ price: number; from: string }> {
    const own = this.#local.get(key);
    if (own) return { price: own.price, from: 'its own memory' };
    const before = this.invalidations;
    const [cached, version] = (await this.#redis.mGet([key, versionOf(key)])) as [string | null, string | null];
    let copy: Copy | undefined = cached === null ? undefined : JSON.parse(cached);
    const isCurrent = copy?.version === version; // else it was read before a change, and stored after it
    if (!copy || !isCurrent) {
      copy = { price: this.#database.get(key) as number, version }; // the version is the older of the two, so at worst it is invalidated too early
      await this.#redis.set(key, JSON.stringify(copy), { EX: EXPIRY_SECONDS });
    }
    if (this.invalidations === before) this.#local.set(key, copy); // unless it was invalidated while it was read
    return { price: copy.price, from: isCurrent ? 'Redis' : 'the database' };
  }

  /** Writes the database first. Then it invalidates the copies: the one in Redis, and by a broadcast those in memory. */
  async write(key: string, price: number): Promise<number> {
    this.#database.set(key, price);
    await this.#redis.multi().incr(versionOf(key)).del(key).exec();
    this.#local.delete(key); // not only when the broadcast arrives: an instance reads its own writes
    return await this.#redis.publish(CHANNEL, key);
  }

  /** Compares its copy with the version in Redis, which was raised whether or not the broadcast arrived. */
  async checkVersion(key: string): Promise<string> {
    const current = await this.#redis.get(versionOf(key));
    const own = this.#local.get(key);
    if (!own) return 'has no copy';
    if (own.version === current) return `has version ${own.version}, which is current`;
    this.#local.delete(key);
    return `has version ${own.version}, current is ${current}: dropped`;
  }
}

/** Copies near the reader are fast and become stale; a broadcast invalidates them, if it arrives. */
export const cacheInvalidation: Example = {
  about: 'two instances with caches, invalidated by a broadcast; the stale read of a missed one, and its repair',

  async run({ connect, own, until, say }) {
    await own(PRODUCT, versionOf(PRODUCT));
    const database = new Map<string, number>();
    const a = new Instance(database, await connect('a'), await connect('a:listener'));
    const b = new Instance(database, await connect('b'), await connect('b:listener'));
    for (const instance of [a, b]) await instance.listen();

    async function show(name: string, instance: Instance): Promise<void> {
      const { price, from } = await instance.read(PRODUCT);
      say(name, `price ${price} from ${from}${price === database.get(PRODUCT) ? '' : '  <- STALE'}`);
    }

    /** A writes; the example goes on when every instance that received the broadcast has handled it. */
    async function setPrice(price: number): Promise<void> {
      const before = a.invalidations + b.invalidations;
      const reached = await a.write(PRODUCT, price);
      await until('the copies to be dropped', () => a.invalidations + b.invalidations >= before + reached);
      say('instance a', `sets the price ${price}: the broadcast reached ${reached}`);
    }

    await setPrice(100);
    await show('instance a', a); // database, then kept for the others
    await show('instance b', b);
    await show('instance b', b);

    await setPrice(120);
    await show('instance b', b);
    await show('instance a', a);

    await b.cutOff();
    say('instance b', 'loses its connection for a moment');
    // A writer that knows the number of instances learns that one missed it, but not which one.
    await setPrice(90);
    await b.listen();
    say('instance b', 'is back, and does not know what it missed');
    await show('instance a', a);
    await show('instance b', b); // and always, without the next step: its memory has no expiry

    // To be done after each reconnect, and periodically. (Or simply drop everything: correct, but then all reads go to the database.)
    say('instance b', await b.checkVersion(PRODUCT));
    await show('instance b', b);
    say('instance b', await b.checkVersion(PRODUCT));
  },
};
