import { expect, test } from '@jest/globals';
import { until } from '../../testkit/until.ts';
import { foreign } from '../support/foreign.ts';
import { hostilePayloads } from '../support/hostile.ts';
import { readyService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many payloads that are no messages are sent, in hundreds: HOSTILE=10000 npm test -- hostile */
const HOSTILE = Number(process.env.HOSTILE ?? 2000);

const own = useRedis();

test(`${HOSTILE} hostile payloads among good ones: no crash, every good one received, every bad one kept byte by byte`, async () => {
  await using reader = await readyService('subscriber', { REDIS_PORT: own.server.port, LOG_LEVEL: 'debug' }); // a line for each, however many
  const heard = (name: string, count: number) =>
    reader.event('received', (line) => line.pattern === name && line.count === count, 60_000);
  const bad = Object.values(hostilePayloads);
  const sentBad: Buffer[] = [];
  let good = 0;
  for (let batch = 0; batch < HOSTILE / 100; batch++) {
    const payloads: (Buffer | string)[] = [];
    for (let index = 0; index < 100; index++) {
      const hostile = bad[(batch + index) % bad.length] as Buffer;
      // 1 MB each: a few will do.
      const payload = hostile.length > 100_000 && index > 0 ? Buffer.from(`bad ${batch}/${index}`) : hostile;
      sentBad.push(payload);
      payloads.push(payload, foreign(++good));
    }
    await own.redis.rPush('message_queue', payloads);
    await Promise.all(payloads.map((payload) => own.redis.publish('messages', payload)));
    // Redis cuts off a subscriber for which it holds 32 MB, and nobody here slows down for it as our publisher would.
    await heard('pubsub', good);
  }
  await heard('queue', good);
  await until('the dead letters', async () => (await own.redis.lLen('{message_queue}:dead')) === sentBad.length);
  expect(await reader.stop()).toBe(0);
  expect(reader.final('queue')).toMatchObject({ received: good, lost: 0, duplicated: 0, invalid: HOSTILE });
  expect(reader.final('pubsub')).toMatchObject({ received: good, lost: 0, duplicated: 0, invalid: HOSTILE });
  for (let from = 0; from < sentBad.length; from += 500) {
    const letters = (await own.redis.lRange('{message_queue}:dead', from, from + 499)).map((text) => JSON.parse(text));
    const bytes = letters.map((letter) => Buffer.from(letter.payload, 'base64'));
    expect(Buffer.concat(bytes).equals(Buffer.concat(sentBad.slice(from, from + 500)))).toBe(true);
    expect(letters.every((letter) => letter.reason.length > 0)).toBe(true);
  }
  expect(reader.text).toEqual([]);
});
