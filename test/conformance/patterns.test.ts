import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Delivery, Subscription } from '@redis-messaging/shared/delivery/delivery';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { outcomeOf } from '@redis-messaging/shared/redis/outcome';
import { RESP_TYPES } from 'redis';
import { until } from '../../testkit/until.ts';
import { hostilePayloads } from '../support/hostile.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
let topics = 0;

const RECLAIM_AFTER_MS = 300;
const settings = {
  group: 'group',
  groupStart: '0',
  leaseMs: RECLAIM_AFTER_MS,
  maxAttempts: 3,
  maxLength: 0,
} as const;
let consumers = 0;

interface ReaderOptions {
  ack?: boolean;
  batch?: number;
  consumer?: string;
  group?: string;
}

/** A subscription that is read in the background. */
class Reader implements AsyncDisposable {
  readonly got: Delivery[] = [];
  readonly dead: string[] = [];
  missing = 0;
  readonly stop = new AbortController();
  subscription!: Subscription;
  ended!: Promise<void>;

  static async of(
    pattern: Pattern,
    topic: string,
    { ack = true, batch = 100, consumer, group = settings.group }: ReaderOptions = {},
  ): Promise<Reader> {
    const reader = new Reader();
    reader.subscription = await pattern.subscribe(own.connection, topic, {
      ...settings,
      signal: reader.stop.signal,
      group,
      consumer: consumer ?? `consumer-${++consumers}`,
      onExhausted: (payload) => reader.dead.push(payload.toString()),
      onMissing: (messages) => {
        reader.missing += messages;
      },
    });
    reader.ended = reader.#read(ack, batch);
    return reader;
  }

  get texts(): string[] {
    return this.got.map((delivery) => delivery.payload.toString());
  }

  async receive(count: number): Promise<string[]> {
    await until(`${count} deliveries (${this.got.length} came)`, () => this.got.length >= count);
    return this.texts;
  }

  /** Ends it in good order. */
  async end(): Promise<void> {
    this.stop.abort();
    await this.ended;
    await this.subscription[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #read(ack: boolean, limit: number): Promise<void> {
    while (true) {
      const batch = await this.subscription.take(limit);
      if (!batch) return;
      expect(batch.length).toBeLessThanOrEqual(limit);
      expect(batch.length).toBeGreaterThan(0);
      this.got.push(...batch);
      if (ack) await this.subscription.ack(batch);
    }
  }
}

const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, index) => `message ${index + from}`);

/** Whether nothing more has come after a message that was published behind it has. */
async function drained(pattern: Pattern, topic: string, reader: Reader): Promise<string[]> {
  await pattern.publish(own.redis, topic, ['the end']);
  await until('the end', () => reader.texts.includes('the end'));
  return reader.texts.filter((text) => text !== 'the end');
}

/** Waits until a group has been given everything, and is done with it. */
async function nothingWaits(pattern: Pattern, topic: string, group: string): Promise<void> {
  await until(`nothing to wait for ${group}`, async () => {
    const { waiting, inFlight } = await pattern.backlog(own.redis, topic, group);
    return (waiting ?? Number.NaN) + inFlight === 0;
  });
}

async function connections(): Promise<number> {
  return (await own.redis.clientList()).length;
}

interface DeadLetter {
  payload: Buffer;
  reason: string;
  at: string;
}

/** The dead letters of a topic, be they in a list or in a stream. */
async function deadLetters(topic: string): Promise<DeadLetter[]> {
  const key = deadLettersOf(topic);
  if ((await own.redis.type(key)) === 'stream') {
    const entries = (await own.redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).xRange(key, '-', '+')) ?? [];
    return entries.map(({ message }) => {
      const { payload, reason, at } = message as unknown as Record<string, Buffer>;
      return { payload: payload as Buffer, reason: String(reason), at: String(at) };
    });
  }
  const letters = (await own.redis.lRange(key, 0, -1)).map((letter) => JSON.parse(letter));
  return letters.map((letter) => ({ ...letter, payload: Buffer.from(letter.payload, 'base64') }));
}

/** The connections that read by a pattern. */
async function readers(pattern: string) {
  return (await own.redis.clientList()).filter((client) => client.name === `test:${pattern}`);
}

const isReading = ({ sub, ssub, cmd }: { sub: number; ssub?: number; cmd: string }) =>
  sub > 0 || (ssub ?? 0) > 0 || ['blpop', 'blmove', 'xreadgroup'].includes(cmd);

/** Every claim of a fact sheet is measured here, and must be what the sheet says: no more, no less. */
describe.each(patterns.map((pattern) => [pattern.name, pattern] as const))('pattern %s', (name, pattern) => {
  const topic = () => `${name}-${++topics}`;

  test('delivers what is published, byte by byte, singly and in batches', async () => {
    const here = topic();
    await using reader = await Reader.of(pattern, here);
    const payloads = ['x', 'Zoë 👩‍💻', '\0\u001b', 'y'.repeat(100_000), ...numbered(1000)];
    for (const payload of payloads.slice(0, 4)) await pattern.publish(own.redis, here, [payload]);
    await pattern.publish(own.redis, here, payloads.slice(4));
    expect(await reader.receive(payloads.length)).toEqual(payloads);
  });

  test('answers each payload of a batch: subscribers reached, or the length', async () => {
    const here = topic();
    const alone = await pattern.publish(own.redis, here, ['a', 'b', 'c']);
    expect(alone).toEqual(pattern.guarantees.keepsUnread ? [1, 2, 3] : [0, 0, 0]);
  });

  test('a batch that Redis has no memory for is refused whole', async () => {
    if (!pattern.guarantees.keepsUnread) return;
    const here = topic();
    const batch = Array.from({ length: 500 }, () => 'x'.repeat(2000));
    const used = Number(/used_memory:(\d+)/.exec(await own.redis.info('memory'))?.[1]);
    await own.redis.configSet({ maxmemory: String(used + 1_000_000), 'maxmemory-policy': 'noeviction' });
    let taken = 0;
    try {
      while (taken < 100) {
        await pattern.publish(own.redis, here, batch);
        taken++;
      }
    } catch (error) {
      expect(outcomeOf(error)).toBe('refused');
    } finally {
      await own.redis.configSet({ maxmemory: '0' });
    }
    expect(taken).toBeLessThan(100);
    expect((await pattern.backlog(own.redis, here, settings.group)).waiting).toBe(500 * taken);
  });

  test('audience: every subscriber gets a copy, or one of them', async () => {
    const here = topic();
    await using one = await Reader.of(pattern, here);
    await using two = await Reader.of(pattern, here);
    const payloads = numbered(50);
    for (const payload of payloads) await pattern.publish(own.redis, here, [payload]);
    const expected = pattern.guarantees.audience === 'every-subscriber' ? 100 : 50;
    await until('all copies', () => one.got.length + two.got.length >= expected);
    const copies = [...one.texts, ...two.texts];
    const audience = copies.length === 100 ? 'every-subscriber' : 'one-subscriber';
    expect(new Set(copies)).toEqual(new Set(payloads));
    expect(audience).toBe(pattern.guarantees.audience);
  });

  test('groups: each group gets every message, and its members share them', async () => {
    const here = topic();
    await using one = await Reader.of(pattern, here, { group: 'first' });
    await using two = await Reader.of(pattern, here, { group: 'first' });
    await using other = await Reader.of(pattern, here, { group: 'second' });
    const payloads = numbered(50);
    for (const payload of payloads) await pattern.publish(own.redis, here, [payload]);
    const { audience, groups } = pattern.guarantees;
    const expected = audience === 'every-subscriber' ? 150 : groups ? 100 : 50;
    await until('all copies', () => one.got.length + two.got.length + other.got.length >= expected);
    for (const group of ['first', 'second']) await nothingWaits(pattern, here, group); // more than expected may come
    const sorted = (texts: readonly string[]) => JSON.stringify([...texts].sort());
    const eachOnce = (texts: readonly string[]) => sorted(texts) === sorted(payloads);
    expect(eachOnce([...one.texts, ...two.texts]) && eachOnce(other.texts)).toBe(groups);
  });

  test('replays: what a group that comes later gets of what has been handled', async () => {
    const here = topic();
    const first = await Reader.of(pattern, here, { group: 'first' });
    await pattern.publish(own.redis, here, numbered(10));
    await first.receive(10);
    await nothingWaits(pattern, here, 'first');
    await first.end();
    await using late = await Reader.of(pattern, here, { group: 'second' });
    expect(await drained(pattern, here, late)).toEqual(pattern.guarantees.replays ? numbered(10) : []);
  });

  test('keepsUnread: what is published while nobody listens', async () => {
    const here = topic();
    await pattern.publish(own.redis, here, numbered(10));
    const { waiting } = await pattern.backlog(own.redis, here, settings.group);
    await using reader = await Reader.of(pattern, here);
    const came = await drained(pattern, here, reader);
    expect(came).toEqual(pattern.guarantees.keepsUnread ? numbered(10) : []);
    expect(waiting).toBe(came.length);
  });

  test('ordered: with one subscriber', async () => {
    const here = topic();
    await using reader = await Reader.of(pattern, here, { batch: 7 });
    for (let from = 1; from <= 500; from += 50) await pattern.publish(own.redis, here, numbered(50, from));
    const came = await reader.receive(500);
    expect(JSON.stringify(came) === JSON.stringify(numbered(500))).toBe(pattern.guarantees.ordered);
  });

  test('delivery and survivesCrash: what was taken by a subscriber that ends before it is done', async () => {
    const here = topic();
    const dead = await Reader.of(pattern, here, { ack: false });
    await pattern.publish(own.redis, here, numbered(10));
    await dead.receive(10);
    await dead.end(); // nothing is acknowledged; subscribers that are killed are in test/services
    await using next = await Reader.of(pattern, here);
    let again = await drained(pattern, here, next);
    if (again.length === 0) await sleep(4 * RECLAIM_AFTER_MS); // nothing can be waited for where nothing may come
    again = next.texts.filter((text) => text !== 'the end');
    expect(again.length > 0).toBe(pattern.guarantees.survivesCrash);
    expect(again.length > 0 ? 'at-least-once' : 'at-most-once').toBe(pattern.guarantees.delivery);
    if (again.length > 0) {
      await until('all ten', () => next.texts.length >= 11);
      expect(
        next.got.filter((delivery) => delivery.attempt === 2).map((delivery) => delivery.payload.toString()),
      ).toEqual(numbered(10));
    }
  });

  test('a stop takes nothing more, loses nothing that is kept, and returns the connections', async () => {
    const here = topic();
    const before = await connections();
    const all: string[] = [];
    for (let round = 0; round < 10; round++) {
      const reader = await Reader.of(pattern, here);
      await pattern.publish(own.redis, here, numbered(20, round * 20 + 1));
      await reader.receive(1);
      await reader.end();
      all.push(...reader.texts);
    }
    await until('the connections to close', async () => (await connections()) === before);
    if (!pattern.guarantees.keepsUnread) return;
    await using last = await Reader.of(pattern, here);
    all.push(...(await drained(pattern, here, last)));
    expect(all.sort()).toEqual(numbered(200).sort());
  });

  test('a stop interrupts a subscriber that waits for a first message', async () => {
    for (let round = 0; round < 10; round++) {
      const reader = await Reader.of(pattern, topic());
      await reader.end();
      expect(reader.got).toEqual([]);
    }
  });

  test('what is given back is delivered next, in order; where that cannot be, it says so', async () => {
    const here = topic();
    const first = await Reader.of(pattern, here, { ack: false });
    await pattern.publish(own.redis, here, numbered(5));
    await first.receive(5);
    first.stop.abort();
    await first.ended;
    const kept = await first.subscription.requeue(first.got.slice(2));
    await first.end();
    await pattern.publish(own.redis, here, ['message 6']);
    await using next = await Reader.of(pattern, here);
    const came = await drained(pattern, here, next);
    expect(kept).toBe(pattern.guarantees.keepsUnread);
    expect(came.slice(-4)).toEqual(kept ? numbered(4, 3) : []);
  });

  test('once: what is published again under its id is left out where messages are kept; a refusal leaves no mark', async () => {
    if (!pattern.guarantees.keepsUnread) return;
    const here = topic();
    const once = (from: number) => ({ ids: numbered(10, from), ttlMs: 60_000 });
    await own.redis.set(here, 'something else');
    await expect(pattern.publish(own.redis, here, numbered(10), once(1))).rejects.toThrow('WRONGTYPE');
    await own.redis.del(here);
    expect(await pattern.publish(own.redis, here, numbered(10), once(1))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await pattern.publish(own.redis, here, numbered(10, 6), once(6)); // five of them again
    await using reader = await Reader.of(pattern, here);
    expect(await drained(pattern, here, reader)).toEqual(numbered(15));
  });

  test('once: of two subscribers that handle a message, one has handled it for the first time', async () => {
    if (pattern.guarantees.delivery === 'at-most-once') return;
    const here = topic();
    await using one = await Reader.of(pattern, here, { ack: false });
    await pattern.publish(own.redis, here, numbered(5));
    await one.receive(5);
    await using two = await Reader.of(pattern, here, { ack: false });
    await pattern.publish(own.redis, here, numbered(6)); // five of them again
    await until('all eleven', () => one.got.length + two.got.length >= 11);
    const [earlier, later, others] = [one.got.slice(0, 3), one.got.slice(3), [...two.got]];
    const idOf = ({ payload }: Delivery) => payload.toString();
    const settle = (reader: Reader, deliveries: readonly Delivery[]) =>
      reader.subscription.ack(deliveries, { once: { ids: deliveries.map(idOf), ttlMs: 60_000 } });
    expect(await one.subscription.wasHandled('message 1')).toBe(false);
    expect(await settle(one, earlier)).toEqual(['done', 'done', 'done']);
    expect(await one.subscription.wasHandled('message 1')).toBe(true);
    expect(await two.subscription.wasHandled('message 1')).toBe(true);
    const answers = [...((await settle(one, later)) ?? []), ...((await settle(two, others)) ?? [])];
    const firsts = [...later, ...others].filter((_, index) => answers[index] === 'done').map(idOf);
    expect(firsts.sort()).toEqual(numbered(3, 4));
    expect(await pattern.backlog(own.redis, here, settings.group)).toMatchObject({ waiting: 0, inFlight: 0 });
  });

  test('what is rejected goes to the dead letters with its reason, byte-identical, if the pattern keeps messages', async () => {
    const here = topic();
    await using reader = await Reader.of(pattern, here, { ack: false });
    const payloads = Object.values(hostilePayloads);
    await pattern.publish(own.redis, here, payloads);
    await until('hostile payloads', () => reader.got.length >= payloads.length);
    for (const delivery of reader.got) await reader.subscription.reject(delivery, 'because');
    const { dead } = await pattern.backlog(own.redis, here, settings.group);
    expect(dead).toBe(pattern.guarantees.keepsUnread ? payloads.length : 0);
    if (dead === 0) return;
    const letters = await deadLetters(here);
    expect(letters.map((letter) => letter.payload)).toEqual(payloads);
    expect(letters.every((letter) => letter.reason === 'because' && Date.parse(letter.at) > 0)).toBe(true);
  });

  test('comes back after its connections were killed', async () => {
    const here = topic();
    await using reader = await Reader.of(pattern, here);
    await pattern.publish(own.redis, here, ['before']);
    await reader.receive(1);
    const reading = await readers(name);
    for (const client of reading) await own.redis.sendCommand(['CLIENT', 'KILL', 'ID', String(client.id)]);
    const killed = new Set(reading.map((client) => client.id));
    await until('a new connection that reads', async () =>
      (await readers(name)).some((client) => !killed.has(client.id) && isReading(client)),
    );
    await pattern.publish(own.redis, here, ['after']);
    expect(await reader.receive(2)).toEqual(['before', 'after']);
  });

  test('what a failed handler leaves comes again, and after the last attempt goes to the dead letters with its reason', async () => {
    const here = topic();
    await using reader = await Reader.of(pattern, here, { ack: false });
    await pattern.publish(own.redis, here, ['poison']);
    const fates: string[] = [];
    const attempts: number[] = [];
    for (let attempt = 1; attempt <= settings.maxAttempts; attempt++) {
      await reader.receive(attempt);
      const delivery = reader.got[attempt - 1] as Delivery;
      attempts.push(delivery.attempt);
      fates.push(await reader.subscription.fail(delivery, `failure ${attempt}`));
      if (pattern.guarantees.delivery === 'at-most-once') break;
    }
    if (pattern.guarantees.delivery === 'at-most-once') return expect(fates).toEqual(['lost']);
    expect(fates).toEqual(['again', 'again', 'dead']);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await deadLetters(here)).toMatchObject([{ payload: Buffer.from('poison'), reason: 'failure 3' }]);
    expect(await pattern.backlog(own.redis, here, settings.group)).toMatchObject({ waiting: 0, inFlight: 0, dead: 1 });
  });

  test('what kills its subscribers again and again goes to the dead letters', async () => {
    if (!pattern.guarantees.survivesCrash) return;
    const here = topic();
    await pattern.publish(own.redis, here, ['poison']);
    for (let life = 1; life <= settings.maxAttempts; life++) {
      const victim = await Reader.of(pattern, here, { ack: false });
      await victim.receive(1);
      expect(victim.got[0]?.attempt).toBe(life);
      await victim.end();
      await sleep(1.5 * RECLAIM_AFTER_MS); // as long as it takes to be taken for dead
    }
    await using last = await Reader.of(pattern, here);
    await until('the dead letter', () => last.dead.length > 0);
    expect(last.got).toEqual([]);
    expect(await deadLetters(here)).toMatchObject([{ reason: 'delivered 3 times and never acknowledged' }]);
    expect(await pattern.backlog(own.redis, here, settings.group)).toMatchObject({ waiting: 0, inFlight: 0, dead: 1 });
  });

  test('what a subscriber leaves behind goes to the others at once, however small their batches are', async () => {
    if (!pattern.guarantees.survivesCrash) return;
    const here = topic();
    const dead = await Reader.of(pattern, here, { ack: false });
    await pattern.publish(own.redis, here, numbered(100));
    await dead.receive(100);
    await dead.end();
    await using next = await Reader.of(pattern, here, { batch: 2 });
    await next.receive(100); // a batch a second would take too long
  });

  test('a subscriber that comes back under its name gets at once what it had in hand', async () => {
    if (!pattern.guarantees.survivesCrash) return;
    const here = topic();
    const before = await Reader.of(pattern, here, { ack: false, consumer: 'me' });
    await pattern.publish(own.redis, here, numbered(5));
    await before.receive(5);
    await before.end();
    await pattern.publish(own.redis, here, ['message 6']);
    await using after = await Reader.of(pattern, here, { consumer: 'me' });
    expect(await after.receive(6)).toEqual(numbered(6));
    expect(after.got.map((delivery) => delivery.attempt)).toEqual([2, 2, 2, 2, 2, 1]);
    await until(
      'nothing in flight',
      async () => (await pattern.backlog(own.redis, here, settings.group)).inFlight === 0,
    );
  });
});
