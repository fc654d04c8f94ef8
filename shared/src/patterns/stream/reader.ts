import { nowMicros } from '../../accounting/clock.ts';
import { BATCH_BYTES } from '../../delivery/batch-size.ts';
import type { BlockingConnection } from '../../delivery/blocking-connection.ts';
import type { Delivery, SubscribeOptions, Subscription } from '../../delivery/delivery.ts';
import { rejectExhausted } from '../../delivery/giving-up.ts';
import { throttle } from '../../delivery/throttle.ts';
import { runKnownScript, runScript } from '../../redis/script.ts';
import type { InFlight } from '../in-flight.ts';
import { FIELD, MORE_TO_TRIM, READ_NEW, STILL_NEEDED, TRIM_ACKNOWLEDGED } from './scripts.ts';

/** The most milliseconds that one XREADGROUP waits: nothing that others have abandoned is claimed meanwhile. */
const BLOCK_MS = 1000;

/** The most entries that one XREADGROUP takes: so many large ones a subscriber can bear. */
const FEW = 8;

/** After so many entries it is looked whether the stream is too long: else a busy one would grow faster than it is trimmed. */
const TRIM_EVERY = 1000;

/** At once, or when all that was in flight here is acknowledged; `undefined` = not at all. */
type TrimmingDue = 'at once' | 'when idle' | undefined;

interface Entry {
  readonly id: Buffer;
  readonly message: Record<string, Buffer>;
}

/**
 * Reads a stream for one consumer of a group: first what is pending under its name, from an earlier instance or because a reply was
 * lost; now and then what others have abandoned; else what is new.
 */
export class StreamReader {
  readonly #reader: BlockingConnection;
  readonly #key: string;
  readonly #options: SubscribeOptions;
  readonly #inFlight: InFlight;
  readonly #reject: Subscription['reject'];
  readonly #ensureGroup: () => Promise<void>;
  readonly #isTimeToReclaim: () => boolean;
  /** Where the search for what is pending under our name goes on; `undefined` when all of it is known. */
  #ownFrom: string | undefined = '-';
  /** Whether more may be there than was read last. */
  #hasMore = false;
  /** Where the search for what others have abandoned goes on; once begun, it goes through to the end. */
  #abandonedFrom: string | undefined;
  /** When the stream, which may be too long, is to be trimmed. */
  #trimmingDue: TrimmingDue;
  /** Tells when it is to be trimmed again. */
  #trimming: Promise<TrimmingDue> | undefined;
  /** How many entries were read since it was due for their number. */
  #read = 0;

  constructor(
    reader: BlockingConnection,
    key: string,
    options: SubscribeOptions,
    inFlight: InFlight,
    reject: Subscription['reject'],
    ensureGroup: () => Promise<void>,
  ) {
    this.#ensureGroup = ensureGroup;
    this.#reader = reader;
    this.#key = key;
    this.#options = options;
    this.#inFlight = inFlight;
    this.#reject = reject;
    this.#isTimeToReclaim = throttle(options.leaseMs / 2);
    reader.connection.client.on('ready', () => {
      this.#ownFrom = '-';
    });
  }

  /** Whether something may be pending under our name that we do not know of. */
  get isUnsure(): boolean {
    return this.#ownFrom !== undefined;
  }

  /** At most `limit` deliveries, perhaps none. A group or stream that somebody deleted is made again. */
  async read(limit: number): Promise<Delivery[]> {
    try {
      return await this.#next(limit);
    } catch (error) {
      if (!/NOGROUP|no longer exists/.test((error as Error).message)) throw error;
      await this.#ensureGroup();
      return [];
    }
  }

  async #next(limit: number): Promise<Delivery[]> {
    while (this.#ownFrom !== undefined) {
      const own = await this.#takeOwn(this.#ownFrom, limit);
      if (own.length > 0) return own;
    }
    if (this.#isTimeToReclaim()) {
      this.#abandonedFrom ??= '0-0';
      this.#trimmingDue = 'at once';
    }
    while (this.#abandonedFrom !== undefined) {
      const abandoned = await this.#takeAbandoned(this.#abandonedFrom, limit);
      if (abandoned.length > 0) return abandoned;
    }
    await this.#trimIfDue();
    const fresh = await this.#takeNew(limit);
    this.#read += fresh.length;
    if (this.#read >= TRIM_EVERY) {
      this.#trimmingDue = 'at once';
      this.#read = 0;
    }
    return fresh;
  }

  /** Has the stream trimmed, and does not wait for it: that it is refused is told with the next read. */
  async #trimIfDue(): Promise<void> {
    const last = this.#trimming;
    this.#trimming = undefined;
    if (last) this.#trimmingDue = await last;
    const isDue = this.#trimmingDue === 'when idle' ? this.#inFlight.size === 0 : this.#trimmingDue === 'at once';
    if (!isDue) return;
    this.#trimming = this.#trim();
    this.#trimming.catch(() => {});
  }

  async #trim(): Promise<TrimmingDue> {
    const { maxLength } = this.#options;
    if (maxLength === 0) return undefined;
    const isIdle = this.#inFlight.size === 0;
    const found = await runScript(this.#reader.client, TRIM_ACKNOWLEDGED, [this.#key], [String(maxLength)]);
    if (found === MORE_TO_TRIM) return 'at once';
    return found === STILL_NEEDED && !isIdle ? 'when idle' : undefined;
  }

  async #takeOwn(from: string, limit: number): Promise<Delivery[]> {
    const { group, consumer } = this.#options;
    const { client } = this.#reader;
    const pending = await client.xPendingRange(this.#key, group, from, '+', limit, { consumer });
    const last = pending.at(-1)?.id;
    this.#ownFrom = last === undefined ? undefined : `(${last}`;
    const unknown = pending.filter(({ id }) => !this.#inFlight.has(String(id)));
    if (unknown.length === 0) return [];
    const ids = unknown.map(({ id }) => id);
    const entries = (await client.xClaim(this.#key, group, consumer, 0, ids)) as (Entry | null)[];
    const attempts = new Map(unknown.map(({ id, deliveriesCounter }) => [String(id), deliveriesCounter + 1]));
    // What is not claimed may have been acknowledged meanwhile, by us or by another.
    const claimed = new Set(entries.map((entry) => String(entry?.id)));
    await this.#reportMissing(ids.map(String).filter((id) => !claimed.has(id)));
    return await this.#claimed(entries, attempts);
  }

  async #takeAbandoned(from: string, limit: number): Promise<Delivery[]> {
    const { group, consumer, leaseMs, onMissing } = this.#options;
    const { client } = this.#reader;
    const reply = await client.xAutoClaim(this.#key, group, consumer, leaseMs, from, { COUNT: limit });
    const next = String(reply.nextId);
    this.#abandonedFrom = next === '0-0' ? undefined : next;
    const entries = (reply.messages as (Entry | null)[]).filter((entry) => entry !== null);
    onMissing?.(reply.deletedMessages.length + reply.messages.length - entries.length);
    // What is in flight here has been idle for too long where its lease was renewed late: it is ours, and has its lease again.
    const unknown = entries.filter(({ id }) => !this.#inFlight.has(String(id)));
    if (unknown.length === 0) return [];
    const attempts = await this.#attemptsOf(unknown.map(({ id }) => String(id)));
    // What was acknowledged between Redis' two answers is no longer pending, nor to be handled again.
    const pending = unknown.filter(({ id }) => attempts.has(String(id)));
    return await this.#claimed(pending, attempts);
  }

  /** How often entries that are pending for us have been delivered, between the first and the last of these. */
  async #attemptsOf(ids: readonly string[]): Promise<Map<string, number>> {
    const { group, consumer } = this.#options;
    const attempts = new Map<string, number>();
    for (let from = ids[0]; from !== undefined; ) {
      const last = ids.at(-1) as string;
      const page = await this.#reader.client.xPendingRange(this.#key, group, from, last, 1000, { consumer });
      for (const { id, deliveriesCounter } of page) attempts.set(String(id), deliveriesCounter);
      from = page.length === 1000 ? `(${page.at(-1)?.id}` : undefined;
    }
    return attempts;
  }

  /** Tells how many of these entries are no longer in the stream. */
  async #reportMissing(ids: readonly string[]): Promise<void> {
    const { client } = this.#reader;
    const found = await Promise.all(ids.map((id) => client.xRange(this.#key, id, id)));
    this.#options.onMissing?.(found.filter((entries) => !entries || entries.length === 0).length);
  }

  /** Deliveries of entries that were claimed; those with too many attempts are settled. */
  async #claimed(entries: readonly (Entry | null)[], attempts: ReadonlyMap<string, number>) {
    const there = entries.filter((entry) => entry !== null);
    return await rejectExhausted(deliveriesOf(there, attempts), this.#options, this.#reject);
  }

  /** XREADGROUP waits for a few; as long as there are more, a script reads them, because XREADGROUP knows no limit in bytes. */
  async #takeNew(limit: number): Promise<Delivery[]> {
    if (this.#hasMore) {
      const deliveries = await this.#drain(limit);
      if (deliveries.length > 0) return deliveries;
    }
    const { group, consumer, leaseMs } = this.#options;
    const position = { key: this.#key, id: '>' };
    const count = Math.min(limit, FEW);
    const options = { COUNT: count, BLOCK: Math.min(BLOCK_MS, Math.ceil(leaseMs / 2)) };
    const reply = await this.#reader.client.xReadGroup(group, consumer, position, options);
    const entries = (reply?.[0]?.messages ?? []) as unknown as Entry[];
    this.#hasMore = entries.length === count;
    return deliveriesOf(entries);
  }

  async #drain(limit: number): Promise<Delivery[]> {
    const { group, consumer } = this.#options;
    const args = [group, consumer, String(limit), String(BATCH_BYTES), FIELD];
    const reply = await runKnownScript(this.#reader.client, READ_NEW, [this.#key], args);
    const [ids, payloads, bytes] = reply as readonly [Buffer, readonly Buffer[], number];
    const receivedAt = nowMicros();
    const idOf = String(ids).split(' ');
    const deliveries = payloads.map((payload, index) => ({
      payload,
      receivedAt,
      id: idOf[index] as string,
      attempt: 1,
    }));
    this.#hasMore = deliveries.length === limit || bytes >= BATCH_BYTES;
    return deliveries;
  }
}

function deliveriesOf(entries: readonly Entry[], attempts?: ReadonlyMap<string, number>): Delivery[] {
  const receivedAt = nowMicros();
  return entries.map((entry) => {
    const id = String(entry.id);
    // An entry of somebody else's may have another field: its first one, or nothing, which is then an invalid message.
    const payload = entry.message[FIELD] ?? Object.values(entry.message)[0] ?? Buffer.alloc(0);
    return { payload, receivedAt, id, attempt: attempts?.get(id) ?? 1 };
  });
}
