import { expect, test } from '@jest/globals';
import type { Delivery } from '@redis-messaging/shared/delivery/delivery';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { type Bench, numbered } from './bench.ts';
import type { Reader } from './reader.ts';

/** What becomes of a delivery that was handled. */
export function acknowledging(bench: Bench): void {
  const { own, pattern } = bench;

  test(
    'what was acknowledged is done, all at once or one by one, in any order',
    bench.calm(async () => {
      const topic = bench.topic();
      const reader = await bench.read(topic, { ack: false });
      await bench.publish(topic, numbered(10));
      await reader.receive(10);
      const { subscription, got } = reader;
      expect(await subscription.ack([])).toEqual([]);
      expect(await subscription.ack([got[7] as Delivery])).toEqual(['done']);
      const rest = got.filter((_, index) => index !== 7).reverse();
      expect(await subscription.ack(rest.slice(0, 4))).toEqual(new Array(4).fill('done'));
      expect(await subscription.ack(rest.slice(4))).toEqual(new Array(5).fill('done'));
      await bench.settled(topic);
    }),
  );

  if (pattern.guarantees.delivery === 'at-most-once') return;

  test.each([
    ['without marks', undefined],
    ['with marks', { once: { ids: numbered(5), ttlMs: 60_000 } }],
  ])(
    'an acknowledgement whose answer is lost is done once, %s',
    bench.calm(async (_how, extras) => {
      const topic = bench.topic();
      await using line = await TcpProxy.to(own.server.port);
      await using connection = await bench.connectReader(line.port);
      const reader = await bench.read(topic, { ack: false, leaseMs: 60_000 }, connection);
      await bench.publish(topic, numbered(5));
      await reader.receive(5);
      line.cutAfterReply(0);
      expect(await reader.subscription.ack(reader.got, extras)).toEqual(new Array(5).fill('done'));
      expect(await bench.drained(topic, reader)).toEqual(numbered(5));
      await reader.end();
    }),
  );

  test(
    'what lies between messages that are acknowledged out of order stays in flight',
    bench.calm(async () => {
      const topic = bench.topic();
      const reader = await bench.read(topic, { ack: false });
      await bench.publish(topic, numbered(5));
      await reader.receive(5);
      const { subscription, got } = reader;
      const [one, two, three, four, five] = got as [Delivery, Delivery, Delivery, Delivery, Delivery];
      expect(await subscription.ack([one, four, three])).toEqual(['done', 'done', 'done']);
      expect(await bench.backlog(topic)).toMatchObject({ inFlight: 2 });
      expect(await subscription.reject(two, 'because')).toBe('dead');
      expect(await subscription.ack([five])).toEqual(['done']);
      expect(await bench.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 0, dead: 1 });
    }),
  );

  test(
    'an acknowledgement whose answer is lost takes nothing of others with the same bytes',
    bench.calm(async () => {
      const topic = bench.topic();
      await using line = await TcpProxy.to(own.server.port);
      await using connection = await bench.connectReader(line.port);
      const reader = await bench.read(topic, { ack: false, leaseMs: 60_000 }, connection);
      const { subscription, got } = reader;
      await bench.publish(topic, new Array(5).fill('the same'));
      await reader.receive(5);
      line.cutAfterReply(0);
      expect(await subscription.ack(got.slice(0, 2))).toEqual(['done', 'done']);
      expect(await bench.backlog(topic)).toMatchObject({ inFlight: 3 });
      line.cutAfterReply(0);
      expect(await subscription.ack([got[4] as Delivery])).toEqual(['done']); // not the oldest
      expect(await bench.backlog(topic)).toMatchObject({ inFlight: 2 });
      expect(await subscription.ack(got.slice(2, 4))).toEqual(['done', 'done']);
      await bench.settled(topic);
      await reader.end();
    }),
  );

  test(
    'once: of two subscribers that handle a message, one has handled it for the first time',
    bench.calm(async () => {
      const topic = bench.topic();
      const one = await bench.read(topic, { ack: false });
      await bench.publish(topic, numbered(5));
      await one.receive(5);
      const two = await bench.read(topic, { ack: false });
      await bench.publish(topic, numbered(6)); // five of them again
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
      expect(await bench.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 0 });
    }),
  );
}
