import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { untilDrained } from '../support/drained.ts';
import { readyService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

afterEach(async () => {
  await own.redis.flushAll();
});

async function subscriber(env: Readonly<Record<string, string | number>>): Promise<ServiceProcess> {
  return await readyService('subscriber', { REDIS_PORT: own.server.port, DEDUPE_TTL: 60, ...env });
}

const repeating = patterns.filter(({ guarantees }) => guarantees.delivery === 'at-least-once');

/** What delivers at least once has its effect once with DEDUPE_TTL. */
describe.each(repeating.map((pattern) => [pattern.name, pattern] as const))('%s with DEDUPE_TTL', (name, pattern) => {
  const topic = pattern.topic.default;
  test.each([0, 0.001])('a message that is there twice is handled once (WORK_TIME %d)', async (WORK_TIME) => {
    await using reader = await subscriber({ PATTERN: name, WORK_TIME });
    const messages = Array.from({ length: 20 }, (_, index) => encode(makeMessage('me', index + 1)));
    await pattern.publish(own.redis, topic, [...messages, ...messages.slice(0, 10)]);
    await untilDrained(own.redis, [pattern]);
    await pattern.publish(own.redis, topic, messages.slice(0, 1)); // long after
    await reader.event('deduplicated', () => reader.events('deduplicated').length === 11);
    expect(await reader.stop()).toBe(0);
    expect(reader.final(name)).toMatchObject({
      received: 20,
      duplicated: 0,
      deduplicated: 11,
      redelivered: 0,
      lost: 0,
    });
    expect(reader.events('received')).toHaveLength(20);
  });

  test('a subscriber that is killed in the middle of a handler: the other handles each message once, and leaves none out', async () => {
    const env = { PATTERN: name, RECLAIM_AFTER: 0.5, LOG_LEVEL: 'debug' };
    const count = 50;
    await using victim = await subscriber({ ...env, WORK_TIME: 60 });
    const messages = Array.from({ length: count }, (_, index) => encode(makeMessage('me', index + 1)));
    await pattern.publish(own.redis, topic, messages);
    await until('one to be handled', async () => (await pattern.backlog(own.redis, topic, 'subscribers')).inFlight > 0);
    await victim.stop('SIGKILL');
    await using heir = await subscriber(env);
    await untilDrained(own.redis, [pattern]);
    expect(await heir.stop()).toBe(0);
    const lines = heir.events('received');
    expect(lines.map((line) => line.count).toSorted((a, b) => a - b)).toEqual(messages.map((_, index) => index + 1));
    expect(lines.filter((line) => line.attempt > 1).length).toBeGreaterThan(0);
    expect(heir.final(name)).toMatchObject({ received: count, duplicated: 0, deduplicated: 0, lost: 0 });
    expect(victim.events('received')).toEqual([]);
  });

  test('a subscriber that stood still so long that another took over: each message has its effect once', async () => {
    const env = { PATTERN: name, RECLAIM_AFTER: 0.5, LOG_LEVEL: 'debug' };
    await using one = await subscriber({ ...env, WORK_TIME: 0.02 });
    const messages = Array.from({ length: 500 }, (_, index) => encode(makeMessage('me', index + 1)));
    await pattern.publish(own.redis, topic, messages);
    await one.event('received');
    const inFlight = async () => (await pattern.backlog(own.redis, topic, 'subscribers')).inFlight;
    for (let held = 0; held === 0; held = await inFlight()) {
      one.process.kill('SIGCONT');
      await until('more in flight', async () => (await inFlight()) > 0);
      one.process.kill('SIGSTOP');
      await sleep(20); // what it had acknowledged by then is no longer in flight
    }
    await using two = await subscriber(env);
    await untilDrained(own.redis, [pattern]);
    const before = one.events('received').length;
    one.process.kill('SIGCONT');
    await until('what stood still to go on, with further messages', async () => {
      const next = encode(makeMessage('me', messages.length + 1));
      messages.push(next);
      await pattern.publish(own.redis, topic, [next]);
      return one.events('received').length > before;
    });
    await untilDrained(own.redis, [pattern]);
    expect(await one.stop()).toBe(0);
    expect(await two.stop()).toBe(0);
    const ids = [...one.events('received'), ...two.events('received')].map((line) => line.id);
    expect([ids.length, new Set(ids).size]).toEqual([messages.length, messages.length]);
  });
});
