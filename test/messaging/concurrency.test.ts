import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { seeded } from '../../testkit/random.ts';
import { until } from '../../testkit/until.ts';
import { all, keeping, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const SEED = Number(process.env.SEED ?? 1);

test.each(all)('%s: one at a time, in the order of publishing', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const began: number[] = [];
  let running = 0;
  let most = 0;
  const consumer = topic.consume({}, async (value) => {
    began.push(value);
    most = Math.max(most, ++running);
    if (value % 50 === 0) await sleep(1);
    else await undefined;
    running--;
  });
  await consumer.ready;
  await topic.producer().sendBatch(upTo(1000));
  await until('all to be handled', () => began.length === 1000 && running === 0);
  expect(began).toEqual(upTo(1000));
  expect(most).toBe(1);
});

test.each(all)('%s: with a concurrency of 4, four at a time, and never more', async (_name, pattern) => {
  const topic = use.topic(pattern);
  const gate = use.gate();
  const consumer = topic.consume({ concurrency: 4 }, gate.pass);
  await consumer.ready;
  await topic.producer().sendBatch(upTo(12));
  await until('four', () => gate.running === 4);
  for (let done = 1; done <= 8; done++) {
    gate.release(1);
    await until('the next', () => gate.begun.length === 4 + done);
    expect(gate.running).toBe(4);
  }
  gate.open();
  await until('the end', () => gate.running === 0);
  expect(gate.most).toBe(4);
  expect(gate.begun).toEqual(upTo(12));
});

test.each(keeping)(
  '%s: a slow consumer uses all its places, and takes no more than it works on',
  async (_name, pattern) => {
    const topic = use.topic(pattern);
    const gate = use.gate();
    topic.consume({ concurrency: 3 }, gate.pass);
    await topic.producer().sendBatch(upTo(20));
    await until('three', () => gate.running === 3);
    await sleep(350); // so long, that less than one more is handled in 100 ms
    for (let done = 1; done <= 3; done++) {
      gate.release(1);
      await until('the next', () => gate.begun.length === 3 + done);
      await sleep(20);
      expect((await use.backlog(topic)).waiting).toBe(20 - 3 - done);
    }
    gate.open();
    await use.settled(topic);
  },
);

test.each(keeping)(
  `%s: 32 random handlers at a time: each message is handled once (seed ${SEED})`,
  async (_name, pattern) => {
    const random = seeded(SEED);
    const topic = use.topic(pattern);
    const handled: number[] = [];
    let running = 0;
    let most = 0;
    topic.consume({ concurrency: 32 }, async (value) => {
      most = Math.max(most, ++running);
      if (random(3) > 0) await sleep(random(5));
      running--;
      handled.push(value);
    });
    const producer = topic.producer();
    for (let from = 1; from <= 1000; from += 100) await producer.sendBatch(upTo(100, from));
    await until('all to be handled', () => handled.length >= 1000);
    await use.settled(topic);
    expect(handled.sort((a, b) => a - b)).toEqual(upTo(1000));
    expect(most).toBeLessThanOrEqual(32);
    expect(most).toBeGreaterThan(8);
    expect(await use.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 0, dead: 0 });
  },
);
