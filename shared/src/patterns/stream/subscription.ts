import { setImmediate } from 'node:timers/promises';
import { acknowledge } from '../../delivery/acknowledge.ts';
import { BLOCKING_RIGHTS, type BlockingConnection, openBlocking } from '../../delivery/blocking-connection.ts';
import type { AckExtras, AckFate, Delivery, SubscribeOptions, Subscription } from '../../delivery/delivery.ts';
import { intoDeadLetters } from '../../delivery/giving-up.ts';
import { isMarked } from '../../delivery/idempotency.ts';
import { deadLettersOf, keyOf } from '../../delivery/keys.ts';
import { LEASE_RIGHTS, NameInUseError, NameLease } from '../../delivery/name-lease.ts';
import type { Connection } from '../../redis/connection.ts';
import { runScript } from '../../redis/script.ts';
import { InFlight } from '../in-flight.ts';
import { ensureGroup, forgetIdleConsumer } from './groups.ts';
import { StreamReader } from './reader.ts';
import { ACK, COPY, FIELD, OURS, REJECT, RENEW, REQUEUE } from './scripts.ts';

/** As `Rights` of a pattern. */
export const SUBSCRIBE_RIGHTS = [
  ...[...BLOCKING_RIGHTS, ...LEASE_RIGHTS],
  ...['~topic', 'evalsha', 'xinfo|groups', 'xgroup|create', 'xgroup|delconsumer'],
  ...['xreadgroup', 'xpending', 'xclaim', 'xautoclaim', 'xrange', 'xack', 'xadd', 'xlen', 'xtrim', 'exists'],
] as const;

/** For so long after Redis had to look at entries one by one, others are taken to have some, too: ms. */
const SHARED_MS = 10_000;

/** Pending for this long (ms) an entry may be claimed by anybody at once. */
const ABANDONED_MS = 1_000_000_000;

/** Subscribes to a stream: see `Subscription`. */
export async function subscribe(connection: Connection, key: string, options: SubscribeOptions): Promise<Subscription> {
  await ensureGroup(connection.client, key, options.group, options.groupStart);
  const nameKey = keyOf(key, 'alive', options.group, options.consumer);
  const name = await NameLease.take(connection, nameKey, key, options, true); // a Redis that is full can still be drained
  try {
    const reader = await openBlocking(connection, 'stream', options.signal);
    await name.renew(); // opening may have taken its time
    return new StreamSubscription(connection, reader, key, options, name);
  } catch (error) {
    await name.release();
    throw error;
  }
}

/**
 * What is in flight is pending under the consumer's name. Others may claim what has been pending for longer than the lease, so
 * leases are renewed from this process: one that hangs loses what it has in flight.
 */
class StreamSubscription implements Subscription {
  readonly #connection: Connection;
  readonly #blocking: BlockingConnection;
  readonly #key: string;
  readonly #options: SubscribeOptions;
  readonly #reader: StreamReader;
  readonly #name: NameLease;
  readonly #renewal: NodeJS.Timeout;
  /** Their leases are renewed. What is to be settled is taken out first, whatever comes of the step that settles it. */
  readonly #inFlight = new InFlight();
  /** Entries that failed, and stay pending under our name until they are reclaimed; when they failed: steady ms. */
  readonly #failed = new Map<string, number>();
  /** Until then (steady ms) nobody can have taken from us what is in flight: a lease has not run out since it was renewed. */
  #ownUntil: number;
  /** When Redis had to look at entries one by one for the last time: steady ms. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Whether entries may be on their way. */
  #isTaking = false;
  #failure: Error | undefined;

  constructor(
    connection: Connection,
    blocking: BlockingConnection,
    key: string,
    options: SubscribeOptions,
    name: NameLease,
  ) {
    this.#connection = connection;
    this.#blocking = blocking;
    this.#key = key;
    this.#options = options;
    this.#name = name;
    // Not where the group began at first: what came between its end and now would be left out.
    const again = () => ensureGroup(connection.client, key, options.group, '0');
    this.#reader = new StreamReader(blocking, key, options, this.#inFlight, this.reject, again);
    this.#ownUntil = performance.now() + options.leaseMs / 2;
    this.#renewal = setInterval(() => void this.#renew().catch((error) => this.#nameLost(error)), options.leaseMs / 3);
  }

  get answeredAt(): number {
    return this.#blocking.answeredAt;
  }

  /**
   * What is on its way is not known here to be in flight: if others have entries, too, Redis must look whose those are that are
   * acknowledged meanwhile.
   */
  get mayTakeAhead(): boolean {
    return performance.now() - this.#lookedAt > SHARED_MS;
  }

  async take(limit: number): Promise<readonly Delivery[] | undefined> {
    const { signal } = this.#options;
    this.#isTaking = true;
    try {
      while (!signal.aborted) {
        if (this.#failure) throw this.#failure;
        const deliveries = await this.#blocking.read(() => this.#reader.read(limit));
        if (!deliveries || deliveries.length === 0) continue;
        this.#inFlight.add(deliveries);
        if (this.#failed.size > 0) for (const id of idsOf(deliveries)) this.#failed.delete(id);
        return deliveries;
      }
      this.#blocking.end();
      return undefined;
    } finally {
      this.#isTaking = false;
    }
  }

  async ack(done: readonly Delivery[], extras: AckExtras = {}): Promise<readonly AckFate[] | undefined> {
    if (done.length === 0) return [];
    const { group, consumer, signal } = this.#options;
    const isSure = performance.now() < this.#ownUntil && !this.#reader.isUnsure && this.#inFlight.hasAll(done);
    const known = isSure ? this.#inFlight.size + this.#failed.size : -1;
    const args = [group, consumer, String(known), this.#isTaking ? '1' : '0', idsOf(done).join(' ')];
    const onLook = () => {
      this.#lookedAt = performance.now();
    };
    const step = { ...ACK, keys: [this.#key], args, ...(isSure && { onLook }) };
    const markOf = (id: string) => this.#markOf(id);
    const fates = await acknowledge(this.#connection, signal, done.length, [() => step], extras, markOf);
    this.#inFlight.remove(done);
    return fates;
  }

  async wasHandled(id: string): Promise<boolean> {
    return await isMarked(this.#connection.client, this.#markOf(id));
  }

  readonly reject = async (delivery: Delivery, reason: string): Promise<'dead' | 'lost-lease'> => {
    const { id = '', payload } = delivery;
    const { group, consumer } = this.#options;
    const isTooLarge = payload.length > this.#options.maxMessageBytes;
    const args = [group, consumer, id, FIELD, isTooLarge ? COPY : payload, reason, new Date().toISOString()];
    const keys = [this.#key, deadLettersOf(this.#key)];
    this.#inFlight.remove([delivery]);
    const own = isTooLarge ? undefined : payload;
    const isOurs = await intoDeadLetters(this.#connection.client, REJECT, keys, args, own, this.#options);
    return isOurs ? 'dead' : 'lost-lease';
  };

  async fail(failed: Delivery, reason: string): Promise<'again' | 'dead' | 'lost-lease'> {
    if (failed.attempt >= this.#options.maxAttempts) return await this.reject(failed, reason);
    // It stays pending, and is claimed again when its lease, renewed for the last time, has run out.
    this.#inFlight.remove([failed]);
    const [owner] = await this.#renewed([failed]);
    if (owner !== OURS) return 'lost-lease';
    this.#failed.set(failed.id as string, performance.now());
    return 'again';
  }

  async requeue(unhandled: readonly Delivery[]): Promise<boolean> {
    if (unhandled.length === 0) return true;
    const { group, consumer } = this.#options;
    const pairs = unhandled.flatMap(({ id = '', attempt }) => [id, String(attempt - 1)]);
    const args = [group, consumer, String(ABANDONED_MS), ...pairs];
    this.#inFlight.remove(unhandled);
    await runScript(this.#connection.client, REQUEUE, [this.#key], args);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewal);
    await this.#blocking.close();
    await this.#name.release();
    if (this.#failure) return;
    const { group, consumer } = this.#options;
    await forgetIdleConsumer(this.#connection.client, this.#key, group, consumer).catch(() => {});
  }

  /** Where a message's mark is, if it has been handled. */
  #markOf(id: string): string {
    return keyOf(this.#key, 'handled', this.#options.group, id);
  }

  /** Renews the leases of all that is in flight, and tells of those that are somebody else's. */
  async #renew(): Promise<void> {
    const { leaseMs, onLeaseLost } = this.#options;
    const now = performance.now();
    for (const [id, failedAt] of this.#failed) if (failedAt < now - 2 * leaseMs) this.#failed.delete(id); // it was reclaimed
    if (!this.#connection.isReady) return;
    await this.#name.renew();
    const deliveries = [...this.#inFlight];
    const owners = deliveries.length > 0 ? await this.#renewed(deliveries) : [];
    this.#ownUntil = now + leaseMs / 2;
    await setImmediate(); // an acknowledgement that was answered before is known by then
    const lost = deliveries.filter(({ id }, index) => owners[index] !== OURS && this.#inFlight.has(id as string));
    if (lost.length === 0) return;
    this.#inFlight.remove(lost);
    onLeaseLost?.(lost);
  }

  /** Others have our name now, and with it all that we had in flight. */
  #nameLost(error: Error): void {
    if (!(error instanceof NameInUseError) || this.#failure) return;
    this.#failure = error;
    const lost = [...this.#inFlight];
    this.#inFlight.remove(lost);
    if (lost.length > 0) this.#options.onLeaseLost?.(lost);
  }

  /** Renews the leases of those that are still ours, and returns for each whose it is. */
  async #renewed(deliveries: readonly Delivery[]): Promise<readonly number[]> {
    const { group, consumer } = this.#options;
    const args = [group, consumer, ...idsOf(deliveries)];
    return (await runScript(this.#connection.client, RENEW, [this.#key], args)) as number[];
  }
}

const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map((delivery) => delivery.id as string);
