import { setTimeout as sleep } from 'node:timers/promises';
import { v4 as uuid } from 'uuid';
import type { Connection } from '../redis/connection.ts';
import { outcomeOf } from '../redis/outcome.ts';
import { runScript } from '../redis/script.ts';
import type { SubscribeOptions } from './delivery.ts';

/** How often to look whether a name has become free: ms. */
const LOOK_EVERY_MS = 200;

/**
 * Takes a name or keeps it. KEYS: the name's. ARGV: who (a token), what to write, ms, what may be replaced although it is somebody
 * else's.
 * @returns whether it is ours now (1 or 0), what was there before (`false`: nothing), for how many ms it would have stayed
 */
const HOLD = `
local before = redis.call('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if before and before ~= ARGV[4] and before:sub(1, #ARGV[1]) ~= ARGV[1] then return {0, before, left} end
redis.call('PEXPIRE', KEYS[1], ARGV[3]) -- also when Redis' memory is full; after a script's first write, it refuses none for that
if before ~= ARGV[2] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return {1, before, left}
`;

/** KEYS: the name's. ARGV: who (a token). */
const RELEASE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder:sub(1, #ARGV[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;

/** The rights that a name needs, as `Rights` of a pattern. */
export const LEASE_RIGHTS = [
  ...['~topic:*', 'eval', 'get', 'pttl', 'set', 'pexpire', 'del'],
  ...['client|info', 'client|list'],
] as const;

/** A consumer's name belongs to another, which gives signs of life: as an option out of its range, it is not for waiting. */
export class NameInUseError extends RangeError {
  constructor(topic: string, name: string, address: string) {
    const where = address === UNKNOWN ? '' : `, connected from ${address},`;
    super(
      `another consumer${where} consumes '${topic}' under the name '${name}'; give each a name of its own (CONSUMER, or the option \`name\`)`,
    );
  }
}

/** Where Redis does not tell of our connection. */
const UNKNOWN = '-';

/**
 * A consumer's name, which belongs to one consumer for a lease after its last sign of life. In Redis: a key with who it is (a token)
 * and by which connection, which is gone as soon as its process is, so that whoever starts again need not wait.
 */
export class NameLease {
  readonly #connection: Connection;
  readonly #key: string;
  readonly #topic: string;
  readonly #options: SubscribeOptions;
  readonly #isOptional: boolean;
  /** What the key's value begins with as long as the name is ours. */
  readonly token: string;
  readonly #endListening: () => void;
  /** Our connection, as Redis shows it: `id address`. */
  #self = `${UNKNOWN} ${UNKNOWN}`;
  #hasLapsed = false;

  private constructor(
    connection: Connection,
    key: string,
    topic: string,
    options: SubscribeOptions,
    isOptional: boolean,
  ) {
    this.#connection = connection;
    this.#key = key;
    this.#topic = topic;
    this.#options = options;
    this.#isOptional = isOptional;
    this.token = options.instance ?? uuid();
    // Said at once: somebody may look whether our former connection is gone.
    this.#endListening = connection.onReady(() => void this.#giveSign().catch(() => {}));
  }

  /**
   * Takes the name. If another has it, whose connection Redis does not show to be gone, waits until its lease runs out.
   * @param isOptional goes on without the name if Redis refuses to write it down (the user may not)
   * @throws NameInUseError if that is renewed meanwhile
   */
  static async take(
    connection: Connection,
    key: string,
    topic: string,
    options: SubscribeOptions,
    isOptional = false,
  ): Promise<NameLease> {
    const lease = new NameLease(connection, key, topic, options, isOptional);
    try {
      await lease.#learnSelf();
      await lease.#wait();
      return lease;
    } catch (error) {
      lease.#endListening();
      throw error;
    }
  }

  /**
   * Gives a sign of life.
   * @returns whether there has always been one since the last call: if not, others may have taken what was in flight
   * @throws NameInUseError if the name is somebody else's by now
   */
  async renew(): Promise<boolean> {
    await this.#hold();
    const wasHeld = !this.#hasLapsed;
    this.#hasLapsed = false;
    return wasHeld;
  }

  /** Gives the name back, unless it is somebody else's. Never throws. */
  async release(): Promise<void> {
    this.#endListening();
    if (!this.#connection.isReady) return;
    await runScript(this.#connection.client, RELEASE, [this.#key], [this.token]).catch(() => {});
  }

  /** The error that says whose the name is. @param holder the value of the key */
  inUse(holder = ''): NameInUseError {
    return new NameInUseError(this.#topic, this.#options.consumer, connectionOf(holder).address);
  }

  async #wait(): Promise<void> {
    const { signal, onWaiting } = this.#options;
    let replaceable = '';
    let deadline: number | undefined;
    let leftBefore = Number.POSITIVE_INFINITY;
    let isRenewed = false;
    while (true) {
      signal.throwIfAborted();
      const [isOurs, holder = '', leftMs] = await this.#tryToHold(replaceable);
      if (isOurs) return;
      replaceable = (await this.#isGone(holder)) ? holder : '';
      if (replaceable) continue;
      if (deadline === undefined)
        onWaiting?.(`${this.inUse(holder).message}; waiting for ${Math.ceil(leftMs / 1000)} s`);
      deadline ??= performance.now() + leftMs;
      // By what Redis says, not by our clock: at the deadline a lease that nobody renewed may have its last millisecond left.
      isRenewed ||= leftMs > leftBefore || leftMs < 0;
      leftBefore = leftMs;
      if (isRenewed && performance.now() > deadline) throw this.inUse(holder);
      await sleep(Math.min(LOOK_EVERY_MS, Math.max(leftMs, 1)), undefined, { signal });
    }
  }

  /** On a connection that is new. */
  async #giveSign(): Promise<void> {
    await this.#learnSelf();
    await this.#hold();
  }

  async #hold(): Promise<void> {
    const [isOurs, before] = await this.#tryToHold('');
    if (!isOurs) throw this.inUse(before);
    this.#hasLapsed ||= before === undefined;
  }

  async #tryToHold(replaceable: string): Promise<[isOurs: boolean, before: string | undefined, leftMs: number]> {
    const args = [this.token, `${this.token} ${this.#self}`, String(this.#options.leaseMs), replaceable || UNKNOWN];
    try {
      const reply = await runScript(this.#connection.client, HOLD, [this.#key], args);
      const [isOurs, before, leftMs] = reply as [number, string | null, number];
      return [isOurs === 1, before ?? undefined, leftMs];
    } catch (error) {
      if (!this.#isOptional || outcomeOf(error) !== 'refused') throw error;
      return [true, this.token, 0];
    }
  }

  async #learnSelf(): Promise<void> {
    const info = await this.#connection.client.clientInfo().catch(() => undefined); // some users may not ask
    this.#self = info ? `${info.id} ${info.addr}` : `${UNKNOWN} ${UNKNOWN}`;
  }

  /** Whether Redis shows that the holder's connection is gone. */
  async #isGone(holder: string): Promise<boolean> {
    const { id, address } = connectionOf(holder);
    if (address === UNKNOWN) return false;
    try {
      const clients = await this.#connection.client.clientList({ ID: [id] });
      return !clients.some((client) => client.addr === address);
    } catch {
      return false;
    }
  }
}

function connectionOf(holder: string): { id: string; address: string } {
  const [, id = UNKNOWN, address = UNKNOWN] = holder.split(' ');
  return { id, address };
}
