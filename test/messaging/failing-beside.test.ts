import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Delivery } from '@redis-messaging/shared/delivery/delivery';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import { reliableQueue } from '@redis-messaging/shared/patterns/reliable-queue/reliable-queue';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { connectTo } from '../support/redis.ts';
import { surviving, upTo, useMessaging } from './use-messaging.ts';

/** What fails while something else is under way must cost no message. */
const use = useMessaging();
const MESSAGES = 4000;

test.each(surviving)(
  '%s: an observer that throws costs none of the messages that were asked for ahead',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    await topic.producer().sendBatch(upTo(MESSAGES));
    const handled = new Set<number>();
    let received = 0;
    const failing = topic.consume({ name: 'me', maxAttempts: 1 }, (value) => void handled.add(value), {
      received: (messages) => {
        received += messages.length;
        if (received > MESSAGES / 3) throw new Error('the observer fails');
      },
    });
    await expect(failing.finished).rejects.toThrow('the observer fails');
    use.again(topic).consume({ name: 'me', maxAttempts: 1 }, (value) => void handled.add(value as number));
    await use.settled(topic);
    expect((await use.backlog(topic)).dead).toBe(0);
    expect(handled.size).toBe(MESSAGES);
  }),
);

test(
  'reliable-queue: beside a message whose dead letter is refused, others with the same bytes are acknowledged, and it is kept',
  use.calm(async () => {
    const topic = use.topic<string>(reliableQueue);
    const handled: string[] = [];
    await topic.consume({ leaseMs: 1000 }, (value) => void handled.push(value)).ready;
    const { redis } = use.own;
    await redis.set(deadLettersOf(topic.name), 'not a list');
    await redis.rPush(topic.name, ['"A"', '{invalid', '"B"', '"B"']);
    await until('the others to be handled', () => handled.length === 3);
    await sleep(100);
    await redis.del(deadLettersOf(topic.name));
    await until('the dead letter', async () => (await use.backlog(topic)).dead === 1);
    await use.settled(topic);
    expect(handled).toEqual(['A', 'B', 'B']);
  }),
);

test(
  'reliable-queue: an acknowledgement that never reached Redis is not taken for one of an earlier subscription',
  use.calm(async () => {
    const { redis, server } = use.own;
    const optionsOf = (stop: AbortController) => ({
      ...{ signal: stop.signal, consumer: 'me', instance: 'one', group: 'group', groupStart: '0' as const },
      ...{ leaseMs: 30_000, maxAttempts: 5, maxLength: 0, maxMessageBytes: 1000 },
    });
    await using line = await TcpProxy.to(server.port);
    await using connection = await connectTo(line.port);
    const first = new AbortController();
    const earlier = await reliableQueue.subscribe(connection, 'named', optionsOf(first));
    await reliableQueue.publish(redis, 'named', ['1']);
    expect(await earlier.ack((await earlier.take(1)) as Delivery[])).toEqual(['done']);
    first.abort();
    line.reset();
    await earlier[Symbol.asyncDispose]();
    await until('the connection to be back', () => connection.isReady);
    const second = new AbortController();
    await using later = await reliableQueue.subscribe(connection, 'named', optionsOf(second));
    await reliableQueue.publish(redis, 'named', ['2']);
    const taken = (await later.take(1)) as Delivery[];
    line.cutOn(/EVALSHA/);
    expect(await later.ack(taken)).toEqual(['done']);
    expect(await reliableQueue.backlog(redis, 'named')).toMatchObject({ waiting: 0, inFlight: 0 });
    second.abort();
  }),
);

test.each(surviving)(
  '%s: as many at a time as one may ask for',
  use.calm(async (_name, pattern) => {
    const topic = use.topic(pattern);
    for (let from = 1; from <= 20_000; from += 1000) await topic.producer().sendBatch(upTo(1000, from));
    const handled = new Set<number>();
    let times = 0;
    topic.consume({ concurrency: 10_000 }, async (value) => {
      await sleep(1);
      times++;
      handled.add(value);
    });
    await until('all to be handled', () => handled.size === 20_000);
    await use.settled(topic);
    expect(times).toBe(20_000);
  }),
);
