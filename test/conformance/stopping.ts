import { expect, test } from '@jest/globals';
import { until } from '../../testkit/until.ts';
import { type Bench, numbered } from './bench.ts';

/** How a subscriber ends, and what it leaves. */
export function stopping(bench: Bench): void {
  const { keepsUnread, survivesCrash } = bench.pattern.guarantees;
  const connections = async () => (await bench.own.redis.clientList()).length;

  const kept = keepsUnread ? ', loses nothing' : '';
  test(
    `a stop takes nothing more${kept}, and returns the connections`,
    bench.calm(async () => {
      const topic = bench.topic();
      const before = await connections();
      const all: string[] = [];
      for (let round = 0; round < 10; round++) {
        const reader = await bench.read(topic);
        await bench.publish(topic, numbered(20, round * 20 + 1));
        await reader.receive(1);
        await reader.end();
        all.push(...reader.texts);
      }
      await until('the connections to close', async () => (await connections()) <= before);
      if (keepsUnread) {
        const last = await bench.read(topic);
        all.push(...(await bench.drained(topic, last)));
        expect(all.sort()).toEqual(numbered(200).sort());
      } else expect(new Set(all).size).toBe(all.length);
    }),
  );

  test(
    'a stop interrupts a subscriber that waits for a first message',
    bench.calm(async () => {
      for (let round = 0; round < 10; round++) {
        const reader = await bench.read(bench.topic());
        await reader.end();
        expect(reader.got).toEqual([]);
      }
    }),
  );

  test(
    keepsUnread ? 'what is requeued is delivered next, in order' : 'nothing can be requeued, and it says so',
    bench.calm(async () => {
      const topic = bench.topic();
      const first = await bench.read(topic, { ack: false });
      await bench.publish(topic, numbered(5));
      await first.receive(5);
      first.stop.abort();
      await first.ended;
      expect(await first.subscription.requeue(first.got.slice(2))).toBe(keepsUnread);
      await first.end();
      await bench.publish(topic, ['message 6']);
      const next = await bench.read(topic);
      const came = await bench.drained(topic, next);
      expect(came.slice(-4)).toEqual(keepsUnread ? numbered(4, 3) : []);
      if (keepsUnread)
        expect(
          next.got.filter(({ payload }) => came.slice(-4).includes(String(payload))).map(({ attempt }) => attempt),
        ).toEqual([1, 1, 1, 1]);
    }),
  );

  if (!survivesCrash) return;

  test(
    'what a subscriber leaves behind goes to the others at once, however small their batches are',
    bench.calm(async () => {
      const topic = bench.topic();
      const dead = await bench.read(topic, { ack: false });
      await bench.publish(topic, numbered(100));
      await dead.receive(100);
      await dead.end();
      const next = await bench.read(topic, { batch: 2 });
      await next.receive(100); // a batch a second would take too long
    }),
  );

  test(
    'a subscriber that comes back under its name gets at once what it had in flight',
    bench.calm(async () => {
      const topic = bench.topic();
      const before = await bench.read(topic, { ack: false, consumer: 'me', leaseMs: 60_000 });
      await bench.publish(topic, numbered(5));
      await before.receive(5);
      await before.end();
      await bench.publish(topic, ['message 6']);
      const after = await bench.read(topic, { consumer: 'me', leaseMs: 60_000 });
      expect(await after.receive(6)).toEqual(numbered(6));
      expect(after.attempts).toEqual([2, 2, 2, 2, 2, 1]);
      await bench.settled(topic);
    }),
  );
}
