import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { type Bench, numbered } from './bench.ts';
import { LEASE_MS } from './reader.ts';

/** What becomes of messages when connections and subscribers are lost. */
export function losing(bench: Bench): void {
  const { own, pattern } = bench;
  const { guarantees } = pattern;

  test(
    'comes back after its connections were killed',
    bench.calm(async () => {
      const topic = bench.topic();
      const reader = await bench.read(topic);
      await bench.publish(topic, ['before']);
      await reader.receive(1);
      await until('a connection that reads', async () => (await bench.readingConnections()).length > 0);
      const before = await bench.readingConnections();
      for (const id of before) await own.redis.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
      await bench.readsAgain(before);
      await bench.publish(topic, ['after']);
      expect(await reader.receive(2)).toEqual(['before', 'after']);
    }),
  );

  test(
    'delivery: messages that are lost on the way from Redis to their subscriber',
    bench.calm(async () => {
      const topic = bench.topic();
      await using line = await TcpProxy.to(own.server.port);
      await using connection = await bench.connectReader(line.port);
      // Its signs of life would be cut instead.
      const reader = await bench.read(topic, { leaseMs: 60_000 }, connection);
      const published: string[] = [];
      const isLost = () => published.some((text) => !reader.texts.includes(text));
      for (let round = 1; round <= 3; round++) {
        await until('a connection that reads', async () => (await bench.readingConnections()).length > 0);
        const before = await bench.readingConnections();
        line.cutReplyWith(/message \d/);
        await bench.publish(topic, [`message ${round}`]);
        published.push(`message ${round}`);
        await until('the cut', () => line.cuts === round);
        await bench.readsAgain(before);
      }
      const came = await bench.drained(topic, reader);
      expect(new Set(came).size).toBe(came.length); // no subscriber had acknowledged what was lost on the way
      expect(isLost() ? 'at-most-once' : 'at-least-once').toBe(guarantees.delivery);
      await reader.end();
    }),
  );

  test(
    'delivery: messages that a subscriber has had, and has not acknowledged',
    bench.calm(async () => {
      const topic = bench.topic();
      const first = await bench.read(topic, { ack: false });
      await bench.publish(topic, numbered(10));
      await first.receive(10);
      await first.end();
      const next = await bench.read(topic);
      await bench.drained(topic, next);
      // Two leases more, because only time tells that nothing comes.
      if (guarantees.delivery === 'at-least-once') await next.receive(11);
      else await sleep(2 * LEASE_MS);
      const twice = numbered(10).filter((text) => next.texts.includes(text));
      expect(twice).toEqual(guarantees.delivery === 'at-least-once' ? numbered(10) : []);
    }),
  );

  test(
    'survivesCrash: what is in the hands of a subscriber that dies',
    bench.calm(async () => {
      const topic = bench.topic();
      const line = await TcpProxy.to(own.server.port);
      await using connection = await bench.connectReader(line.port);
      const victim = await bench.read(topic, { ack: false }, connection);
      await bench.publish(topic, numbered(10));
      await victim.receive(10);
      await line[Symbol.asyncDispose](); // for Redis, a process that was killed is one that is not heard of any more
      await connection.close();
      const next = await bench.read(topic);
      await bench.drained(topic, next);
      if (guarantees.survivesCrash) await next.receive(11);
      else await sleep(2 * LEASE_MS);
      const again = next.got.filter(({ attempt }) => attempt === 2).map(({ payload }) => payload.toString());
      expect(again).toEqual(guarantees.survivesCrash ? numbered(10) : []);
      expect(next.got.length).toBe(again.length + 1);
    }),
  );

  if (!guarantees.survivesCrash) return;

  test(
    'what Redis hands to a subscriber that is gone, and was taken for dead, goes to the others',
    bench.calm(async () => {
      const topic = bench.topic();
      await using line = await TcpProxy.to(own.server.port);
      await using connection = await bench.connectReader(line.port);
      const victim = await bench.read(topic, {}, connection);
      await bench.publish(topic, ['before']);
      await victim.receive(1);
      await bench.settled(topic);
      line.swallow(); // Redis goes on waiting for a message for it
      await sleep(1.2 * LEASE_MS);
      const next = await bench.read(topic);
      await sleep(LEASE_MS / 2); // it reclaims before it waits itself
      await bench.publish(topic, ['after']);
      expect(await next.receive(1)).toEqual(['after']);
      await connection.close();
    }),
  );
}
