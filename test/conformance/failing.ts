import { expect, test } from '@jest/globals';
import type { Delivery } from '@redis-messaging/shared/delivery/delivery';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import { allDeadLetters } from '../../testkit/all-dead-letters.ts';
import { until } from '../../testkit/until.ts';
import { hostilePayloads } from '../support/hostile.ts';
import { type Bench, numbered } from './bench.ts';
import { SETTINGS } from './reader.ts';

/** Their bytes, in a form that is compared quickly. */
const textsOf = (letters: readonly { readonly payload: Buffer }[]) =>
  letters.map(({ payload }) => payload.toString('latin1'));

/** What becomes of a delivery that cannot be handled. */
export function failing(bench: Bench): void {
  const { own, pattern } = bench;
  const { delivery, keepsUnread, survivesCrash } = pattern.guarantees;

  const where = keepsUnread ? 'goes to the dead letters with its reason, byte-identical' : 'is lost, and it says so';
  test(
    `what is rejected ${where}`,
    bench.calm(async () => {
      const topic = bench.topic();
      const reader = await bench.read(topic, { ack: false });
      const payloads = Object.values(hostilePayloads);
      await bench.publish(topic, payloads);
      await reader.receive(payloads.length);
      const fates = await Promise.all(reader.got.map((each) => reader.subscription.reject(each, 'because')));
      expect(new Set(fates)).toEqual(new Set([keepsUnread ? 'dead' : 'lost']));
      const letters = await bench.deadLetters(topic);
      expect(textsOf(letters)).toEqual(textsOf(keepsUnread ? payloads.map((payload) => ({ payload })) : []));
      expect(letters.every(({ reason, at }) => reason === 'because' && Date.parse(at) > 0)).toBe(true);
      expect(await bench.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 0, dead: letters.length });
      expect(textsOf(await allDeadLetters(own.redis, pattern, topic))).toEqual(textsOf(letters));
    }),
  );

  if (delivery === 'at-most-once') {
    test(
      'what a failed handler leaves is lost, and it says so',
      bench.calm(async () => {
        const topic = bench.topic();
        const reader = await bench.read(topic, { ack: false });
        await bench.publish(topic, ['poison']);
        await reader.receive(1);
        expect(await reader.subscription.fail(reader.got[0] as Delivery, 'failure')).toBe('lost');
        expect(await bench.drained(topic, reader)).toEqual(['poison']);
      }),
    );
  } else {
    test(
      'what a failed handler leaves comes again, and after the last attempt goes to the dead letters',
      bench.calm(async () => {
        const topic = bench.topic();
        const reader = await bench.read(topic, { ack: false });
        await bench.publish(topic, ['poison']);
        const fates: string[] = [];
        for (let attempt = 1; attempt <= SETTINGS.maxAttempts; attempt++) {
          await reader.receive(attempt);
          fates.push(await reader.subscription.fail(reader.got[attempt - 1] as Delivery, `failure ${attempt}`));
        }
        expect(fates).toEqual(['again', 'again', 'dead']);
        expect(reader.attempts).toEqual([1, 2, 3]);
        expect(await bench.deadLetters(topic)).toMatchObject([{ payload: Buffer.from('poison'), reason: 'failure 3' }]);
        expect(await bench.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 0, dead: 1 });
      }),
    );

    test(
      'settling one delivery leaves all others alone, whatever their payloads',
      bench.calm(async () => {
        const topic = bench.topic();
        const reader = await bench.read(topic, { ack: false, leaseMs: 60_000 });
        await bench.publish(topic, ['', 'a', 'b', '']);
        await reader.receive(4);
        const [empty, a, b, emptyToo] = reader.got as [Delivery, Delivery, Delivery, Delivery];
        expect(await reader.subscription.reject(a, 'because')).toBe('dead');
        expect((await bench.backlog(topic)).inFlight).toBe(3);
        reader.stop.abort();
        await reader.ended;
        expect(await reader.subscription.requeue([b])).toBe(true);
        expect(await reader.subscription.ack([empty, emptyToo])).toEqual(['done', 'done']);
        await reader.end();
        const next = await bench.read(topic);
        expect(await next.receive(1)).toEqual(['b']);
        await bench.settled(topic);
      }),
    );
  }

  if (!survivesCrash) return;

  test(
    'what could not be dead-lettered comes again',
    bench.calm(async () => {
      const topic = bench.topic();
      const reader = await bench.read(topic, { ack: false });
      await bench.publish(topic, ['bad']);
      await reader.receive(1);
      await own.redis.set(deadLettersOf(topic), 'something else');
      await expect(reader.subscription.reject(reader.got[0] as Delivery, 'because')).rejects.toThrow('WRONGTYPE');
      await own.redis.del(deadLettersOf(topic));
      await reader.receive(2);
      expect(reader.attempts).toEqual([1, 2]);
      expect(await reader.subscription.ack(reader.got.slice(1))).toEqual(['done']);
      await bench.settled(topic);
    }),
  );

  test(
    'what kills its subscribers again and again goes to the dead letters',
    bench.calm(async () => {
      const topic = bench.topic();
      await bench.publish(topic, ['poison', ...numbered(1)]);
      for (let life = 1; life <= SETTINGS.maxAttempts; life++) {
        const victim = await bench.read(topic, { ack: false });
        await until('the poison', () => victim.texts.includes('poison'));
        expect(victim.attempts[victim.texts.indexOf('poison')]).toBe(life);
        const rest = victim.got.filter(({ payload }) => payload.toString() !== 'poison');
        expect(await victim.subscription.ack(rest)).toEqual(rest.map(() => 'done'));
        await victim.end();
      }
      const last = await bench.read(topic);
      await until('the dead letter', () => last.dead.length > 0);
      expect(last.texts).not.toContain('poison');
      expect(await bench.deadLetters(topic)).toMatchObject([{ reason: 'delivered 3 times and never acknowledged' }]);
      await bench.settled(topic);
      expect((await bench.backlog(topic)).dead).toBe(1);
    }),
  );
}
