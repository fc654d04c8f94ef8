import { expect, test } from '@jest/globals';
import { until } from '../../testkit/until.ts';
import { type Bench, numbered } from './bench.ts';

const sorted = (texts: readonly string[]) => JSON.stringify([...texts].sort());

/** Who gets what, and in which order, while nothing goes wrong. */
export function delivering(bench: Bench): void {
  const { guarantees } = bench.pattern;

  test(
    'delivers what is published, byte by byte, singly and in batches',
    bench.calm(async () => {
      const topic = bench.topic();
      const reader = await bench.read(topic);
      const payloads = ['x', 'Zoë 👩‍💻', '\0\u001b', 'y'.repeat(100_000), '', ...numbered(1000)];
      for (const payload of payloads.slice(0, 4)) await bench.publish(topic, [payload]);
      await bench.publish(topic, payloads.slice(4));
      expect(await reader.receive(payloads.length)).toEqual(payloads);
      expect(new Set(reader.attempts)).toEqual(new Set([1]));
    }),
  );

  test(
    'audience: every subscriber gets a copy, or one of them',
    bench.calm(async () => {
      const topic = bench.topic();
      const [one, two] = [await bench.read(topic), await bench.read(topic)];
      for (const payload of numbered(50)) await bench.publish(topic, [payload]);
      const expected = guarantees.audience === 'every-subscriber' ? 100 : 50;
      await until('all copies', () => one.got.length + two.got.length >= expected);
      await bench.settled(topic); // more than expected may come
      const copies = [...one.texts, ...two.texts];
      expect(new Set(copies)).toEqual(new Set(numbered(50)));
      expect(copies.length === 100 ? 'every-subscriber' : 'one-subscriber').toBe(guarantees.audience);
    }),
  );

  test(
    'groups: each group gets every message, and its members share them',
    bench.calm(async () => {
      const topic = bench.topic();
      const one = await bench.read(topic, { group: 'first' });
      const two = await bench.read(topic, { group: 'first' });
      const other = await bench.read(topic, { group: 'second' });
      const payloads = numbered(50);
      for (const payload of payloads) await bench.publish(topic, [payload]);
      const { audience, groups } = guarantees;
      const expected = audience === 'every-subscriber' ? 150 : groups ? 100 : 50;
      await until('all copies', () => one.got.length + two.got.length + other.got.length >= expected);
      for (const group of ['first', 'second']) await bench.settled(topic, group);
      const eachOnce = (texts: readonly string[]) => sorted(texts) === sorted(payloads);
      expect(eachOnce([...one.texts, ...two.texts]) && eachOnce(other.texts)).toBe(groups);
    }),
  );

  test(
    'replays: what a group that comes later gets of what has been handled',
    bench.calm(async () => {
      const topic = bench.topic();
      const first = await bench.read(topic, { group: 'first' });
      await bench.publish(topic, numbered(10));
      await first.receive(10);
      await bench.settled(topic, 'first');
      await first.end();
      const late = await bench.read(topic, { group: 'second' });
      expect(await bench.drained(topic, late)).toEqual(guarantees.replays ? numbered(10) : []);
    }),
  );

  test(
    'keepsUnread: what is published while nobody listens',
    bench.calm(async () => {
      const topic = bench.topic();
      await bench.publish(topic, numbered(10));
      const { waiting } = await bench.backlog(topic);
      const reader = await bench.read(topic);
      const came = await bench.drained(topic, reader);
      expect(came).toEqual(guarantees.keepsUnread ? numbered(10) : []);
      expect(waiting).toBe(came.length);
    }),
  );

  test(
    'ordered: with one subscriber',
    bench.calm(async () => {
      const topic = bench.topic();
      const reader = await bench.read(topic, { batch: 7 });
      for (let from = 1; from <= 500; from += 50) await bench.publish(topic, numbered(50, from));
      const came = await reader.receive(500);
      expect(sorted(came)).toBe(sorted(numbered(500)));
      expect(JSON.stringify(came) === JSON.stringify(numbered(500))).toBe(guarantees.ordered);
    }),
  );
}
