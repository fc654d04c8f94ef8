import { afterEach, describe, expect, test } from '@jest/globals';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { freePort } from '../../local/redis/redis-server.ts';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { untilDrained } from '../support/drained.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const KILLS = 2;
/** How many messages are published while nobody is there. */
const ABSENCE = 25;
const RECLAIM_AFTER = 0.5;
/** The most that is handled, at 1 ms each, in the 25 ms after which the account is stored, and while Redis stores it. */
const BEING_STORED = 35;

const own = useRedis();
const base = () => ({ REDIS_PORT: own.server.port, PATTERN: 'all', LOG_LEVEL: 'debug' });

afterEach(async () => {
  await own.redis.flushAll();
});

async function subscriber(env: Readonly<Record<string, string | number>> = {}): Promise<ServiceProcess> {
  return await readyService('subscriber', { ...base(), RECLAIM_AFTER, ...env });
}

describe('the account of a subscriber', () => {
  test('outlive it: after kills and absences its tables show exactly what each pattern lost and repeated', async () => {
    const env = { CONSUMER: 'me', WORK_TIME: 0.001 };
    const first = await subscriber(env);
    await using writer = startService('publisher', { ...base(), PUBLISH_INTERVAL: 0.008 });
    const made = () => Math.max(...writer.events('published').map((line) => line.count));
    const instances = [first];
    for (let kill = 1; kill <= KILLS; kill++) {
      const instance = instances.at(-1) as ServiceProcess;
      await instance.event('received', (line) => line.received >= 50);
      await instance.stop('SIGKILL');
      const back = made() + ABSENCE;
      await writer.event('published', (line) => line.count > back);
      instances.push(await subscriber(env));
    }
    await using last = instances.at(-1) as ServiceProcess;
    await last.event('received', (line) => line.pattern === 'pubsub' && line.received >= 50);
    expect(await writer.stop()).toBe(0);
    for (const { name } of patterns)
      await last.event('received', (line) => line.pattern === name && line.count === made());
    await untilDrained(own.redis, patterns);
    expect(await last.stop()).toBe(0);
    for (const { name, guarantees } of patterns) {
      const counts = instances
        .flatMap((instance) => instance.events('received', name))
        .map((line) => line.count as number);
      const received = new Set(counts);
      const { accepted, lost, duplicated, unexplained, moving } = last.final(name);
      expect([name, accepted, unexplained, moving]).toEqual([name, made(), 0, 0]);
      if (!guarantees.keepsUnread) expect(lost).toBeGreaterThanOrEqual(KILLS * ABSENCE);
      // The account is written by the acknowledgement's own script: exact, whatever the kill comes between.
      if (guarantees.delivery === 'at-least-once') expect([name, lost, duplicated]).toEqual([name, 0, 0]);
      else {
        expect([name, duplicated, counts.length]).toEqual([name, 0, received.size]);
        // Without an acknowledgement, a kill comes between the log's lines and the account's.
        expect(Math.abs(lost - (made() - received.size))).toBeLessThanOrEqual(KILLS * BEING_STORED);
      }
    }
  });

  test('of a queue that two share is one: what each of them handled, and nothing is missing', async () => {
    const env = { PATTERN: 'queue', WORK_TIME: 0.001 };
    const one = await subscriber(env);
    await using two = await subscriber(env);
    await using writer = startService('publisher', {
      ...base(),
      ...env,
      MESSAGE_COUNT: 300,
      PUBLISH_INTERVAL: 0.002,
    });
    expect(await writer.exited).toBe(0);
    expect(await one.stop()).toBe(0);
    await until('an empty queue', async () => (await own.redis.lLen('message_queue')) === 0);
    expect(await two.stop()).toBe(0);
    const [first, last] = [one.final('queue'), two.final('queue')];
    expect(first.moving + first.handled + first.waiting).toBe(first.accepted);
    const whole = { accepted: 300, handled: 300, lost: 0, elsewhere: 0, unexplained: 0, moving: 0, duplicated: 0 };
    expect(last).toMatchObject(whole);
    const shares = Object.values(last.shares as Record<string, number>).sort((one, other) => one - other);
    expect(shares).toEqual([first.received, last.received].sort((one, other) => one - other));
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });

  test.each(['queue', 'reliable-queue'])(
    'of %s is one, also if those who share it have different groups',
    async (PATTERN) => {
      const env = { PATTERN, WORK_TIME: 0.001 };
      const one = await subscriber({ ...env, GROUP: 'one' });
      await using other = await subscriber({ ...env, GROUP: 'other' });
      await using writer = startService('publisher', {
        ...base(),
        PATTERN,
        MESSAGE_COUNT: 200,
        PUBLISH_INTERVAL: 0.002,
      });
      await other.event('received', (line) => line.received >= 20);
      expect(await one.stop()).toBe(0);
      expect(await writer.exited).toBe(0);
      await untilDrained(
        own.redis,
        patterns.filter(({ name }) => name === PATTERN),
      );
      expect(await other.stop()).toBe(0);
      const { accepted, handled, lost, unexplained, shares } = other.final(PATTERN);
      expect({ accepted, handled, lost, unexplained }).toEqual({
        accepted: 200,
        handled: 200,
        lost: 0,
        unexplained: 0,
      });
      expect(Object.values(shares as Record<string, number>).sort((a, b) => a - b)).toHaveLength(2);
    },
  );

  test.each([
    ['off', { elsewhere: 0, unexplained: 1 }],
    ['on', { elsewhere: 1, unexplained: 0 }],
  ])('of a queue of which somebody else takes a message, REDIS_SHARED=%s', async (REDIS_SHARED, expected) => {
    const env = { ...base(), PATTERN: 'queue', REDIS_SHARED };
    await using writer = startService('publisher', { ...env, MESSAGE_COUNT: 3, PUBLISH_INTERVAL: 0 });
    expect(await writer.exited).toBe(0);
    expect(await own.redis.lPop('message_queue')).not.toBeNull();
    await using reader = await subscriber(env);
    await reader.event('received', (line) => line.count === 3);
    expect(await reader.stop()).toBe(0);
    expect(reader.final('queue')).toMatchObject({ accepted: 3, handled: 2, lost: 0, ...expected });
  });

  test('of a queue say "lost" again when who else has read has been gone for a day, and forget the name', async () => {
    const names = '{message_queue}:queue:subscribers:ledger';
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    for (const [hours, lost] of [
      [23, 0],
      [25, 2],
    ] as const) {
      await own.redis.flushAll();
      await own.redis.hSet(names, 'another', hoursAgo(hours));
      await using reader = await subscriber({ PATTERN: 'queue', CONSUMER: 'me' });
      for (const count of [1, 2, 5]) await own.redis.rPush('message_queue', encode(makeMessage('someone', count)));
      await reader.event('received', (line) => line.count === 5);
      expect(await reader.stop()).toBe(0);
      expect(reader.final('queue')).toMatchObject({ received: 3, lost, elsewhere: 2 - lost });
      expect(await own.redis.hExists(names, 'another')).toBe(lost === 0 ? 1 : 0);
    }
  });

  test('that are not as they were stored are discarded with one warning; the others are kept, and no number is lost', async () => {
    const key = '{message_queue}:queue:subscribers:ledger:me';
    const receive = async (service: ServiceProcess, sender: string, count: number) => {
      await own.redis.rPush('message_queue', encode(makeMessage(sender, count)));
      await service.event('received', (line) => line.sender === sender && line.count === count);
    };
    const first = await subscriber({ PATTERN: 'queue', CONSUMER: 'me' });
    for (const count of [1, 2, 3]) await receive(first, 'sound', count);
    await receive(first, 'cut', 1);
    expect(await first.stop()).toBe(0);
    await own.redis.hSet(key, {
      closed: '{"settled":{"received":"<b>\\u001b"}}',
      'sender:cut': '[{"from":1',
      'sender:\u001b__proto__': '[{"unique":null}]',
    });

    const health = await freePort();
    await using second = await subscriber({ PATTERN: 'queue', CONSUMER: 'me', HEALTH_PORT: health });
    await receive(second, 'cut', 2);
    const response = await fetch(`http://127.0.0.1:${health}/metrics`);
    const text = await response.text();
    expect([response.status, text]).toEqual([200, expect.not.stringContaining('NaN')]);
    expect(text.split('\n')).toContain('redis_messaging_received_total{pattern="queue"} 4');
    expect(await second.stop()).toBe(0);
    expect(second.final('queue')).toMatchObject({ accepted: 5, handled: 4, lost: 0, elsewhere: 1, duplicated: 0 });
    const warnings = second.events('discarded');
    expect(warnings).toMatchObject([{ level: 'warn', key, problems: 3 }]);
    const said = warnings[0]?.msg as string;
    expect(said).toContain(`Discarded 3 invalid entries of the stats of queue in Redis, key '${key}': `);
    expect(said).toContain('closed: field "hasForgotten" is missing');
    expect(said).toContain('sender:cut: ');
    expect(said).not.toContain('\u001b');
    expect(second.events('unsaved')).toEqual([]);

    // They are gone from Redis, so that the next instance has nothing to warn of.
    await using third = await subscriber({ PATTERN: 'queue', CONSUMER: 'me' });
    expect(await third.stop()).toBe(0);
    expect(third.final('queue')).toMatchObject({ received: 4 });
    expect(third.events('discarded')).toEqual([]);
  });

  test('that Redis refuses are said once, and cost no message', async () => {
    await own.redis.hSet('{messages}:pubsub:subscribers:ledger', 'x', 'y');
    await own.redis.set('{messages}:pubsub:subscribers:ledger:me', 'not a hash');
    await using reader = await subscriber({ PATTERN: 'pubsub', CONSUMER: 'me' });
    await using writer = startService('publisher', { ...base(), MESSAGE_COUNT: 20, PUBLISH_INTERVAL: 0.01 });
    expect(await writer.exited).toBe(0);
    await reader.event('received', (line) => line.count === 20);
    expect(await reader.stop()).toBe(0);
    expect(reader.events('unsaved')).toHaveLength(1);
    expect(reader.final('pubsub')).toMatchObject({ received: 20, lost: 0 });
  });
});
