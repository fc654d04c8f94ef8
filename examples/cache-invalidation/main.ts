import type { Redis } from '@redis-messaging/shared/redis';
import { until } from '../../local/until.ts';
import type { Example } from '../example.ts';

const CHANNEL = 'cache:invalidate';
const CACHE = 'cache:product:1';
const VERSION = 'version:product:1';
const EXPIRY_SECONDS = 3600;

interface Product {
  readonly price: number;
  readonly version: number;
}

/** What is true, and slow to ask. */
const database = new Map<string, Product>();

/** One process of the application: its own memory first, then Redis, then the database. */
class Instance {
  readonly #local = new Map<string, Product>();
  readonly #redis: Redis;
  readonly #listener: Redis;
  /** Invalidations so far. */
  heard = 0;

  constructor(redis: Redis, listener: Redis) {
    this.#redis = redis;
    this.#listener = listener;
  }

  /** Listens for invalidations. What was missed before this is missed. */
  async listen(): Promise<void> {
    await this.#listener.subscribe(CHANNEL, (key) => {
      this.#local.delete(key);
      this.heard += 1;
    });
  }

  /** Stands for a broken connection: what is published meanwhile never comes. */
  async cutOff(): Promise<void> {
    await this.#listener.unsubscribe(CHANNEL);
  }

  /** Read-through: each level that does not have it asks the next one, and keeps the answer. */
  async read(key: string): Promise<{ product: Product; from: string }> {
    const own = this.#local.get(key);
    if (own) return { product: own, from: 'its own memory' };
    const cached = await this.#redis.get(key);
    const product = cached === null ? (database.get(key) as Product) : (JSON.parse(cached) as Product);
    // The expiry bounds how long a mistake can live, even if every message is lost.
    if (cached === null) await this.#redis.set(key, JSON.stringify(product), { EX: EXPIRY_SECONDS });
    this.#local.set(key, product);
    return { product, from: cached === null ? 'the database' : 'Redis' };
  }

  /** Writes the truth first, then makes the copies go: the one in Redis, and with a broadcast those in memories. */
  async write(key: string, price: number): Promise<number> {
    const version = await this.#redis.incr(VERSION);
    database.set(key, { price, version });
    await this.#redis.del(key);
    return await this.#redis.publish(CHANNEL, key);
  }

  /** Compares what it has with the version in Redis, which was raised whether or not anybody heard of it. */
  async checkVersion(key: string): Promise<string> {
    const current = Number(await this.#redis.get(VERSION));
    const own = this.#local.get(key)?.version;
    if (own === undefined || own >= current) return `has version ${own ?? 'none'}, as it should`;
    this.#local.delete(key);
    return `has version ${own}, current is ${current}: dropped`;
  }
}

/** Copies near the reader are fast and grow stale; a broadcast makes them go, as long as it arrives. */
export const cacheInvalidation: Example = {
  about: 'two instances with caches, invalidated by a broadcast; the stale read of a missed one, and its repair',

  async run({ connect, say }) {
    const cleaner = await connect('cleaner');
    await cleaner.del([CACHE, VERSION]);
    const a = new Instance(await connect('a'), await connect('a:listener'));
    const b = new Instance(await connect('b'), await connect('b:listener'));
    for (const instance of [a, b]) await instance.listen();

    async function show(name: string, instance: Instance): Promise<void> {
      const { product, from } = await instance.read(CACHE);
      const isStale = product.version < (database.get(CACHE)?.version ?? 0);
      say(name, `price ${product.price} from ${from}${isStale ? '  <- STALE' : ''}`);
    }

    /** A writes; the scene goes on when those whom the broadcast reached have handled it. */
    async function setPrice(price: number): Promise<void> {
      const heardBefore = a.heard + b.heard;
      const reached = await a.write(CACHE, price);
      await until('the copies to be dropped', () => a.heard + b.heard === heardBefore + reached);
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
    say('instance b', 'is cut off for a moment');
    // The count tells a writer who knows how many there should be that somebody missed it, but not who.
    await setPrice(90);
    await b.listen();
    say('instance b', 'is back, and knows of nothing');
    await show('instance a', a);
    await show('instance b', b); // and so for ever, without the next step

    // To be done after each reconnect, and now and then besides. (Or simply drop everything: right, but then all ask at once.)
    say('instance b', await b.checkVersion(CACHE));
    await show('instance b', b);
    say('instance b', await b.checkVersion(CACHE));
    await cleaner.del([CACHE, VERSION]);
  },
};
