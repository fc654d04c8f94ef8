import { expect, test } from '@jest/globals';
import { until } from '../../testkit/until.ts';
import { all, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();

test.each(all)('%s: more at a time, and fewer again, while it consumes', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const gate = use.gate();
  const consumer = topic.consume({}, gate.pass);
  await consumer.ready;
  await topic.producer().sendBatch(upTo(12));
  await until('one', () => gate.running === 1);
  consumer.change({ concurrency: 4 });
  await until('four', () => gate.running === 4);
  consumer.change({ concurrency: 2 });
  for (let done = 1; done <= 2; done++) {
    gate.release(1);
    await until('one less', () => gate.running === 4 - done);
  }
  gate.release(1);
  await until('the next', () => gate.begun.length === 5);
  expect(gate.running).toBe(2);
  expect(gate.most).toBe(4);
  gate.open();
  await until('the end', () => gate.begun.length === 12 && gate.running === 0);
});

test.each(all)('%s: another handler, or none, for what is begun from then on', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const gate = use.gate();
  const seen: string[] = [];
  const consumer = topic.consume({}, undefined, {
    handled: (batch) => seen.push(...batch.map(({ value }) => `done ${value}`)),
  });
  await consumer.ready;
  const producer = topic.producer();
  await producer.sendBatch(upTo(2));
  await until('two', () => seen.length === 2);
  consumer.change({ handler: gate.pass });
  await producer.sendBatch(upTo(3, 3));
  await until('the third', () => gate.running === 1);
  consumer.change({ handler: (value) => seen.push(`other ${value}`) });
  expect(seen).toEqual(['done 1', 'done 2']);
  gate.open();
  await until('all', () => seen.length === 7);
  expect(seen.filter((each) => each.startsWith('done'))).toEqual(upTo(5).map((value) => `done ${value}`));
  expect(seen.filter((each) => each.startsWith('other'))).toEqual(['other 4', 'other 5']);
  consumer.change({ handler: undefined });
  await producer.send(6);
  await until('the last', () => seen.at(-1) === 'done 6');
});

test('what is not as it should be is refused, and changes nothing', async () => {
  const [, pattern] = all[0] as (typeof all)[number];
  const topic = use.topic(pattern);
  const seen: number[] = [];
  const consumer = topic.consume({}, (value) => seen.push(value));
  await consumer.ready;
  for (const concurrency of [0, 1.5, Number.NaN, 2 ** 31])
    expect(() => consumer.change({ concurrency, handler: undefined })).toThrow(/change: concurrency is .*; expected/);
  expect(() => consumer.change({ handler: 'x' as unknown as undefined })).toThrow(/change: handler is string/);
  await topic.producer().send(1);
  await until('it', () => seen.length === 1);
});
