import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { json } from '@redis-messaging/shared/messaging/codec';
import { Producer } from '@redis-messaging/shared/messaging/producer/producer';
import type { SendError } from '@redis-messaging/shared/messaging/producer/send-error';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { pubsub } from '@redis-messaging/shared/patterns/pubsub';
import { queue } from '@redis-messaging/shared/patterns/queue';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Connection } from '@redis-messaging/shared/redis/connection';
import type { RedisServer } from '../../local/redis/redis-server.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { connectTo, startRedis } from '../support/redis.ts';

const patient = new AbortController().signal;
let server: RedisServer;
let connections: readonly Connection[];
let own: Connection;
let admin: Redis;

beforeAll(async () => {
  server = await startRedis();
  connections = [await connectTo(server.port), await connectTo(server.port)];
  own = connections[0] as Connection;
  admin = (connections[1] as Connection).client;
});
afterEach(async () => {
  await admin.configSet({ maxmemory: '0' });
  await admin.flushAll();
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await server.stop();
});

interface Numbered {
  readonly id: string;
  readonly count: number;
}

function producerOf(pattern: Pattern, bufferLimit = 100_000, connection = own, dedupeTtlMs = 0) {
  const troubles: (string | undefined)[] = [];
  const codec = json<Numbered>(undefined, ({ id }) => id);
  const options = { bufferLimit, dedupeTtlMs, onRefusal: 'retry' } as const;
  const observer = { trouble: (reason: string | undefined) => troubles.push(reason) };
  return { producer: new Producer<Numbered>(connection, pattern, 'topic', codec, options, observer), troubles };
}

/** Sends, and leaves it to the stats what becomes of it. */
function offer(producer: Producer<Numbered>, batch: readonly Numbered[]): void {
  producer.sendBatch(batch).catch(() => {});
}

const batchOf = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => ({ id: `id-${from + index}`, count: from + index }));
const counts = async () => (await admin.lRange('topic', 0, -1)).map((text) => JSON.parse(text).count);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function refuseWrites(): Promise<void> {
  await admin.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
}

describe('producer', () => {
  test('sends in order and accounts for every message', async () => {
    const { producer } = producerOf(queue);
    for (let from = 1; from <= 5000; from += 250) offer(producer, batchOf(250, from));
    await producer.drained(patient);
    expect(producer.stats).toMatchObject({ accepted: 5000, refused: 0, unconfirmed: 0, buffered: 0 });
    expect(await counts()).toEqual(upTo(5000));
  });

  test('keeps what Redis refuses and sends it when it is accepted again, in order; says so once each', async () => {
    const { producer, troubles } = producerOf(queue);
    await refuseWrites();
    offer(producer, batchOf(1500));
    await until('the refusal', () => troubles.length > 0);
    offer(producer, batchOf(10, 1501));
    expect(producer.stats).toMatchObject({ accepted: 0, buffered: 1510 });
    await admin.configSet({ maxmemory: '0' });
    await producer.drained(patient);
    expect(producer.stats).toMatchObject({ accepted: 1510, refused: 0, unconfirmed: 0 });
    expect(await counts()).toEqual(upTo(1510));
    expect(troubles).toEqual([expect.stringContaining('OOM'), undefined]);
  });

  test('refuses, and counts, what goes beyond its limit', async () => {
    const { producer, troubles } = producerOf(queue, 100);
    await refuseWrites();
    offer(producer, batchOf(80));
    await until('the refusal', () => troubles.length > 0);
    offer(producer, batchOf(50, 81));
    expect(producer.stats).toMatchObject({ buffered: 100, refused: 30 });
    await admin.configSet({ maxmemory: '0' });
    await producer.drained(patient);
    expect(await counts()).toEqual(upTo(100));
    expect(producer.stats).toMatchObject({ accepted: 100, refused: 30, unconfirmed: 0, buffered: 0 });
  });

  describe('a limit in bytes', () => {
    const codec = { encode: (text: string) => text, decode: String };
    const producerOf = (bufferBytes: number, bufferLimit = 1000, observer = {}) =>
      new Producer<string>(own, queue, 'topic', codec, { bufferBytes, bufferLimit, onRefusal: 'retry' }, observer);
    /** Sends while Redis takes nothing. @returns why which of them failed */
    const failuresOf = async (sending: Promise<unknown>) => {
      const error = await sending.then(
        () => undefined,
        (reason) => reason as SendError,
      );
      return { places: [...(error?.failures ?? [])], message: error?.message };
    };

    test('counts bytes, not characters: what fits is kept, in order, the rest refused as full with the limit', async () => {
      await refuseWrites();
      const producer = producerOf(1000);
      const waiting = producer.sendBatch(['ä'.repeat(100), 'x'.repeat(300)]); // 500 bytes
      const partly = failuresOf(producer.sendBatch(['x'.repeat(499), '\u20ac', '']));
      expect(await failuresOf(producer.send('xx'))).toMatchObject({ places: [[0, 'full']] });
      const fits = producer.send('x');
      expect(producer.stats).toMatchObject({ buffered: 4, refused: 3 });
      await admin.configSet({ maxmemory: '0' });
      expect(await partly).toMatchObject({
        places: [1, 2].map((place) => [place, 'full']),
        message: expect.stringContaining('the buffer is full: bufferBytes is 1,000'),
      });
      await Promise.all([waiting, fits]);
      expect((await admin.lRange('topic', 0, -1)).map(({ length }) => length)).toEqual([100, 300, 499, 1]);
      expect(producer.stats).toMatchObject({ accepted: 4, refused: 3, buffered: 0 });
    });

    test('the limit that is in the way is the one that is named', async () => {
      await refuseWrites();
      const producer = producerOf(1000, 2);
      const waiting = producer.sendBatch(['x', 'x']);
      const { message } = await failuresOf(producer.send('x'.repeat(2000)));
      expect(message).toContain('the buffer is full: bufferLimit is 2 messages');
      await admin.configSet({ maxmemory: '0' });
      await waiting;
    });

    test('one message is taken, and welcome, when there is no other, however large it is', async () => {
      const producer = producerOf(1000);
      for (let round = 1; round <= 3; round++) {
        await producer.ready(1, 5000, patient);
        const sending = producer.send('x'.repeat(5000));
        expect(await failuresOf(producer.send('x'))).toMatchObject({ places: [[0, 'full']] });
        expect(await sending).toBe(round);
      }
      expect(producer.stats).toMatchObject({ accepted: 3, refused: 3, buffered: 0 });
    });

    test('a batch is welcome once it fits beside what is in flight', async () => {
      const producer = producerOf(1000);
      await producer.send('x');
      await admin.sendCommand(['CLIENT', 'PAUSE', '200', 'WRITE']);
      const sending = producer.send('x'.repeat(600));
      let isWelcome = false;
      const ready = producer.ready(1, 401, patient).then(() => {
        isWelcome = true;
      });
      await producer.ready(1, 400, patient);
      expect(isWelcome).toBe(false);
      await Promise.all([sending, ready]);
    });

    test('a buffer in which now and then there is room is one trouble, not many', async () => {
      const troubles: (string | undefined)[] = [];
      const observer = { trouble: (reason: string | undefined) => troubles.push(reason) };
      const text = 'x'.repeat(4 * 1024 * 1024); // a batch each, four of them in flight
      const producer = new Producer<string>(own, pubsub, 'topic', codec, { bufferBytes: 10 * text.length }, observer);
      const sendings: Promise<unknown>[] = [];
      const fill = () => {
        while (producer.stats.buffered < 10) sendings.push(producer.send(text));
        producer.send('x').catch(() => {});
      };
      for (let round = 0; round < 20; round++) {
        fill();
        await sendings[round];
      }
      expect(troubles).toHaveLength(1);
      await producer.drained(patient);
      expect(producer.stats.refused).toBe(20);
      expect(troubles.slice(1)).toEqual([undefined]);
    });

    test('a value that no observer wants to see is not kept beside its payload', async () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      await refuseWrites();
      const producer = new Producer<object>(own, queue, 'topic', json(), { onRefusal: 'retry' });
      const sendings: Promise<unknown>[] = [];
      const send = () => {
        const [one, two] = [{ some: 'order' }, { another: 'order' }];
        sendings.push(producer.send(one), producer.sendBatch([two]));
        return [new WeakRef(one), new WeakRef(two)];
      };
      const values = send();
      await until('the values to be collected', () => {
        collect();
        return values.every((value) => value.deref() === undefined);
      });
      expect(producer.stats.buffered).toBe(2);
      await admin.configSet({ maxmemory: '0' });
      await Promise.all(sendings);
      expect(await admin.lRange('topic', 0, -1)).toEqual(['{"some":"order"}', '{"another":"order"}']);
    });
  });

  test('counts what reached nobody', async () => {
    const { producer } = producerOf(pubsub);
    offer(producer, batchOf(700));
    await producer.drained(patient);
    expect(producer.stats).toMatchObject({ accepted: 700, noSubscribers: 700 });
  });

  test('counts what was under way when the connection broke as unconfirmed, and goes on', async () => {
    const { producer } = producerOf(queue);
    const id = await own.client.clientId();
    await admin.sendCommand(['CLIENT', 'PAUSE', '60000', 'WRITE']);
    offer(producer, batchOf(10));
    await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
    await until('the broken connection', () => producer.stats.unconfirmed > 0);
    await admin.sendCommand(['CLIENT', 'UNPAUSE']);
    offer(producer, batchOf(10, 11));
    await producer.drained(patient);
    expect(producer.stats).toMatchObject({ accepted: 10, unconfirmed: 10, refused: 0 });
    expect((await counts()).slice(-10)).toEqual(upTo(20).slice(10));
  });

  test.each([
    ['queue', 0, { accepted: 0, unconfirmed: 10, retried: 0 }, upTo(10)],
    ['queue', 60_000, { accepted: 10, unconfirmed: 0, retried: 10 }, upTo(10)],
    ['reliable-queue', 0, { accepted: 10, unconfirmed: 0, retried: 10 }, [...upTo(10), ...upTo(10)]],
    ['reliable-queue', 60_000, { accepted: 10, unconfirmed: 0, retried: 10 }, upTo(10)],
  ])('%s, remembering for %d ms: an answer that is lost on the way', async (name, dedupeMs, figures, there) => {
    await using line = await TcpProxy.to(server.port);
    await using connection = await connectTo(line.port);
    const { producer } = producerOf(
      patterns.find((pattern) => pattern.name === name) as Pattern,
      100,
      connection,
      dedupeMs,
    );
    line.cutReplyTo(/RPUSH|EVAL/); // not to a PING of the watchdog
    offer(producer, batchOf(10));
    await producer.drained(patient);
    expect(producer.stats).toMatchObject(figures);
    expect(await counts()).toEqual(there);
  });

  test('gives up in the end on what Redis does not take, and says what became of it', async () => {
    const { producer, troubles } = producerOf(queue);
    await refuseWrites();
    offer(producer, batchOf(20));
    await until('the refusal', () => troubles.length > 0);
    await producer.close({ patienceMs: 50 });
    expect(producer.stats).toMatchObject({ accepted: 0, refused: 20, unconfirmed: 0, buffered: 0 });
  });
});
