import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Delivery } from '@redis-messaging/shared/delivery/delivery';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { type Bench, numbered } from './bench.ts';
import { LEASE_MS, type Reader } from './reader.ts';

/** Whose a delivery is: its subscriber's as long as it gives signs of life, then somebody else's. */
export function owning(bench: Bench): void {
  const { own, pattern } = bench;
  if (!pattern.guarantees.survivesCrash) return;

  test(
    'what a subscriber works on stays its own, however long it takes',
    bench.calm(async () => {
      const topic = bench.topic();
      const working = await bench.read(topic, { ack: false });
      await bench.publish(topic, numbered(5));
      await working.receive(5);
      const other = await bench.read(topic);
      await sleep(3 * LEASE_MS);
      expect([other.got, working.got.length]).toEqual([[], 5]);
      expect(await working.subscription.ack(working.got)).toEqual(new Array(5).fill('done'));
      await bench.settled(topic);
    }),
  );

  /** A subscriber that was cut off until another took over all that it had in flight, and is back. */
  async function robbed(topic: string, run: (victim: Reader, owner: Reader) => Promise<void>): Promise<void> {
    await using line = await TcpProxy.to(own.server.port);
    await using connection = await bench.connectReader(line.port);
    const victim = await bench.read(topic, { ack: false, batch: 4 }, connection);
    await bench.publish(topic, numbered(4));
    await victim.receive(4);
    line.swallow();
    const owner = await bench.read(topic, { ack: false });
    await owner.receive(4);
    line.pass();
    line.reset();
    await until('the connection to be back', () => connection.isReady);
    try {
      await run(victim, owner);
    } finally {
      await victim.end();
    }
  }

  const steps: Record<string, (reader: Reader) => Promise<unknown>> = {
    ack: ({ subscription, got }) => subscription.ack(got),
    'ack with once': ({ subscription, got }) => subscription.ack(got, { once: { ids: numbered(4), ttlMs: 60_000 } }),
    reject: ({ subscription, got }) => Promise.all(got.map((each) => subscription.reject(each, 'because'))),
    fail: ({ subscription, got }) => Promise.all(got.map((each) => subscription.fail(each, 'because'))),
    'fail for the last time': ({ subscription, got }) =>
      Promise.all(got.map((each) => subscription.fail({ ...each, attempt: 3 }, 'because'))),
  };
  test.each(Object.keys(steps))(
    '%s changes nothing of what is another subscriber’s, and says so',
    bench.calm(async (step) => {
      const topic = bench.topic();
      await robbed(topic, async (victim, owner) => {
        expect(await steps[step]?.(victim)).toEqual(new Array(4).fill('lost-lease'));
        expect(await bench.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 4, dead: 0 });
        expect(await owner.subscription.wasHandled('message 1')).toBe(false);
        expect(await owner.subscription.ack(owner.got)).toEqual(new Array(4).fill('done'));
        expect(await bench.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 0, dead: 0 });
      });
    }),
  );

  test(
    'requeue changes nothing of what is another subscriber’s',
    bench.calm(async () => {
      const topic = bench.topic();
      await robbed(topic, async (victim, owner) => {
        await victim.subscription.requeue(victim.got);
        expect(await bench.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 4, dead: 0 });
        expect(await owner.subscription.ack(owner.got)).toEqual(new Array(4).fill('done'));
        expect(owner.got).toHaveLength(4);
      });
    }),
  );

  test(
    'a subscriber is told once what is no longer its own',
    bench.calm(async () => {
      const topic = bench.topic();
      await robbed(topic, async (victim) => {
        await until('to be told', () => victim.leaseLost.length >= 4);
        await sleep(LEASE_MS);
        expect(victim.leaseLost).toEqual(victim.got);
      });
    }),
  );

  test(
    'of what it has in flight a subscriber may lose a part, and keep the rest',
    bench.calm(async () => {
      const topic = bench.topic();
      await robbed(topic, async (victim, owner) => {
        await bench.publish(topic, numbered(4, 5));
        await until('the new ones', () => owner.got.length + victim.got.length >= 12);
        const mine = victim.got.slice(4);
        const fates = await victim.subscription.ack([...(victim.got.slice(0, 4) as Delivery[]), ...mine]);
        expect(fates).toEqual([...new Array(4).fill('lost-lease'), ...mine.map(() => 'done')]);
        expect((await bench.backlog(topic)).inFlight).toBe(8 - mine.length);
      });
    }),
  );
}
