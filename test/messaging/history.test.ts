import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Messaging } from '@redis-messaging/shared/messaging/messaging';
import type { SendError } from '@redis-messaging/shared/messaging/producer/send-error';
import { allDeadLetters } from '../../testkit/all-dead-letters.ts';
import { seeded } from '../../testkit/random.ts';
import { until } from '../../testkit/until.ts';
import { keeping, upTo, useMessaging } from './use-messaging.ts';

/** More histories: SEED=7 HISTORIES=100 npm test -- history */
const SEED = Number(process.env.SEED ?? 1);
const HISTORIES = Number(process.env.HISTORIES ?? 1);
const MESSAGES = 1500;
const LEASE_MS = 300;

const use = useMessaging();
const cases = keeping.flatMap(([name, pattern]) => upTo(HISTORIES, SEED).map((seed) => [name, seed, pattern] as const));

test.each(cases)(
  '%s, seed %d: random handlers, connections that are killed, consumers that come and go',
  async (name, seed, pattern) => {
    const random = seeded(seed);
    const topicName = `history-${name}-${seed}`;
    const isKept = pattern.guarantees.delivery === 'at-least-once';
    /** What this test saw itself: which messages Redis took or may have taken, and which a handler has done. */
    const accepted = new Set<number>();
    const uncertain = new Set<number>();
    const handled = new Set<number>();
    const lost: number[] = [];
    let running = 0;
    /** Those whose time is not over: the others count as failed, and their places go to the next. */
    let inTime = 0;
    let most = 0;

    const handler = async (value: number, { signal }: { signal: AbortSignal }) => {
      running++;
      most = Math.max(most, ++inTime);
      let isInTime = true;
      const over = () => {
        if (isInTime) inTime--;
        isInTime = false;
      };
      signal.addEventListener('abort', over, { once: true });
      try {
        switch (random(20)) {
          case 0:
            throw new Error('failed at once');
          case 1:
            await sleep(random(20));
            throw new Error('failed later');
          case 2:
            await sleep(500, undefined, { signal }); // until its time is over
            break;
          case 3:
            await sleep(150); // longer than its time, without heeding the signal
            break;
          case 4:
            await sleep(random(20));
        }
        handled.add(value);
      } finally {
        over();
        running--;
      }
    };
    const observer = {
      failed: ({ value }: { value: number }, _: string, fate: string) => {
        if (fate === 'lost') lost.push(value);
      },
      unhandled: (deliveries: readonly { payload: Buffer }[], fate: string) => {
        if (fate === 'lost') lost.push(...deliveries.map(({ payload }) => Number(payload)));
      },
    };

    const open = (consumer: string): Messaging => {
      const messaging = use.messaging();
      const options = { name: consumer, concurrency: 4, handlerTimeoutMs: 100, leaseMs: LEASE_MS, maxAttempts: 4 };
      messaging.topic<number>(topicName, { pattern }).consume(options, handler, observer);
      return messaging;
    };

    const consumers = [open('consumer-0'), open('consumer-1')];
    const producer = use.messaging().topic<number>(topicName, { pattern }).producer();
    const sending: Promise<void>[] = [];
    for (let next = 1; next <= MESSAGES; ) {
      const batch = upTo(1 + random(40), next);
      next += batch.length;
      sending.push(
        producer.sendBatch(batch).then(
          () => batch.forEach((value) => void accepted.add(value)),
          ({ failures }: SendError) => {
            for (const [place, value] of batch.entries()) {
              if (!failures.has(place)) accepted.add(value);
              else if (failures.get(place) === 'unconfirmed') uncertain.add(value);
            }
          },
        ),
      );
      if (random(4) === 0) await sleep(random(30));
      if (random(12) === 0) await killSome(random);
      if (random(30) === 0) {
        const index = random(2);
        const closing = consumers[index]?.close();
        consumers[index] = open(`consumer-${consumers.length + next}`);
        await closing;
      }
    }
    await Promise.all(sending);
    const topic = { name: topicName, pattern };
    await until(
      `nothing to be left of seed ${seed}`,
      async () => {
        const { waiting, inFlight } = await use.backlog(topic);
        return waiting === 0 && inFlight === 0 && running === 0;
      },
      30_000,
    );

    const letters = await allDeadLetters(use.own.redis, pattern, topicName);
    const dead = new Set(letters.map(({ payload }) => Number(payload)));
    const missing = [...accepted].filter((value) => !handled.has(value) && !dead.has(value));
    if (isKept) expect([missing, lost]).toEqual([[], []]);
    // What was popped when a connection was killed is lost as well, and nobody can tell.
    else expect(missing.length).toBeLessThan(MESSAGES / 2);
    for (const value of [...handled, ...dead]) expect(accepted.has(value) || uncertain.has(value)).toBe(true);
    expect(accepted.size + uncertain.size).toBeLessThanOrEqual(MESSAGES + 40);
    expect(most).toBeLessThanOrEqual(3 * 4); // two consumers, and one that is closing
  },
);

async function killSome(random: (below: number) => number): Promise<void> {
  const mine = await use.own.redis.clientId();
  const others = (await use.own.redis.clientList()).filter(({ id }) => id !== mine);
  const victim = others[random(others.length)];
  if (victim) await use.own.redis.sendCommand(['CLIENT', 'KILL', 'ID', String(victim.id)]);
}
