import { expect, test } from '@jest/globals';
import { json } from '@redis-messaging/shared/messaging/codec';
import type { ConsumerOptions } from '@redis-messaging/shared/messaging/consumer/consumer';
import type { ProducerOptions } from '@redis-messaging/shared/messaging/producer/producer';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { until } from '../../testkit/until.ts';
import { surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();

test.each(['', 'a{b', '}', '{}', 'a{}b', '{a}{b}', undefined, 7])('topic %p: a RangeError', (name) => {
  expect(() => use.messaging().topic(name as string, { pattern: stream })).toThrow(RangeError);
});

test.each(['orders', 'orders{eu}', '{eu}', 'Zoë 👩‍💻', 'a:b'])('topic %p', async (name) => {
  const topic = use.messaging().topic(name, { pattern: stream });
  await topic.producer().send('x');
  expect((await topic.backlog()).waiting).toBe(1);
});

test.each([undefined, {}, { pattern: undefined }, { pattern: 'stream' }])(
  'topic options %p: a TypeError',
  (options) => {
    expect(() => use.messaging().topic('topic', options as never)).toThrow(TypeError);
    expect(() => use.messaging().topic('topic', options as never)).toThrow('expected { pattern }');
  },
);

test.each([0, 1.5, Number.NaN, '16 MB'])(
  'a topic with maxMessageBytes %p: a RangeError that names it',
  (maxMessageBytes) => {
    const options = { pattern: stream, maxMessageBytes: maxMessageBytes as number };
    expect(() => use.messaging().topic('topic', options)).toThrow(RangeError);
    expect(() => use.messaging().topic('topic', options)).toThrow('maxMessageBytes');
  },
);

test.each<ConsumerOptions>([
  { concurrency: 0 },
  { concurrency: 1.5 },
  { concurrency: Number.NaN },
  { concurrency: '4' as never },
  { handlerTimeoutMs: -1 },
  { handlerTimeoutMs: 2 ** 31 },
  { maxAttempts: 0 },
  { leaseMs: 10 },
  { leaseMs: 333.3 },
  { leaseMs: Number.POSITIVE_INFINITY },
  { dedupeTtlMs: -1 },
  { maxLength: -1 },
  { name: '' },
  { group: '' },
  { groupStart: 'now' as never },
])('consume with %p: a RangeError that names the option', (options) => {
  const topic = use.messaging().topic('topic', { pattern: stream });
  expect(() => topic.consume(options, () => {})).toThrow(RangeError);
  expect(() => topic.consume(options, () => {})).toThrow(Object.keys(options)[0] as string);
});

test('consume needs a function, or says that there is none', async () => {
  const topic = use.messaging().topic('topic', { pattern: stream });
  for (const handler of [null, 'handler', {}]) {
    expect(() => topic.consume({}, handler as never)).toThrow(TypeError);
    expect(() => topic.consume({}, handler as never)).toThrow('expected a function');
  }
  await topic.consume({}, undefined).ready;
});

test('dedupeTtlMs needs ids', async () => {
  const topic = use.messaging().topic('topic', { pattern: stream });
  expect(() => topic.consume({ dedupeTtlMs: 1000 }, () => {})).toThrow(TypeError);
  const withoutIds = topic.producer({ dedupeTtlMs: 1000 });
  await expect(withoutIds.send('x')).rejects.toThrow(TypeError);
  await expect(withoutIds.sendBatch(['x'])).rejects.toThrow(TypeError);
  await withoutIds.send('x', { id: 'a' });
  const some = json<{ id?: string }>(undefined, ({ id }) => id);
  const withSome = use.messaging().topic('some', { pattern: stream, codec: some }).producer({ dedupeTtlMs: 1000 });
  await expect(withSome.sendBatch([{ id: 'a' }, {}])).rejects.toThrow(TypeError);
});

test.each<ProducerOptions>([
  { bufferLimit: 0 },
  { bufferLimit: Number.NaN },
  { bufferBytes: 0 },
  { bufferBytes: 1.5 },
  { bufferBytes: '64 MB' as never },
  { dedupeTtlMs: -1 },
  { dedupeTtlMs: 0.5 },
  { onRefusal: 'drop' as never },
])('producer with %p: a RangeError that names the option', (options) => {
  const topic = use.messaging().topic('topic', { pattern: stream });
  expect(() => topic.producer(options)).toThrow(RangeError);
  expect(() => topic.producer(options)).toThrow(Object.keys(options)[0] as string);
});

test.each([
  ['nothing', undefined],
  ['a symbol', Symbol('x')],
  ['a number', 7],
])('a codec that makes %s of a message rejects this one, and no other', async (_what, bad) => {
  const codec = { encode: (value: string) => (value === 'bad' ? (bad as never) : value), decode: String };
  const topic = use.messaging().topic(`codec-${typeof bad}`, { pattern: stream, codec });
  const producer = topic.producer();
  await expect(producer.send('bad')).rejects.toThrow('expected a string or a Buffer');
  await expect(producer.sendBatch(['good', 'bad'])).rejects.toThrow(TypeError);
  await producer.send('good');
  expect(producer.stats).toMatchObject({ accepted: 1, buffered: 0 });
});

test.each(surviving)('%s: two consumers of one process that were given no names are two', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const gate = use.gate();
  for (const _ of upTo(2)) await topic.consume({ leaseMs: 300 }, gate.pass).ready;
  await topic.producer().sendBatch([1, 2]);
  await until('both', () => gate.running === 2);
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(gate.begun.sort()).toEqual([1, 2]);
  gate.open();
  await use.settled(topic);
});
