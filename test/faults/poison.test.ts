import { describe, expect, jest, test } from '@jest/globals';
import { hostilePayloads } from '../support/hostile.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
jest.setTimeout(120_000);
const hostile = Object.values(hostilePayloads);

const total = (stats: readonly number[]) => stats.reduce((sum, each) => sum + each, 0);
const inOrder = (payloads: readonly Buffer[]) => payloads.map((payload) => payload.toString('base64')).sort();

/** Each message that is given up is among the dead letters, once, and where there are none, it is lost. */
function expectGivenUp(run: Scenario, fates: Awaited<ReturnType<Scenario['close']>>, atLeast: number): void {
  for (const [{ name, guarantees }, { accepted, dead, deliveries, lost }] of fates) {
    const stats = run.subscribers.map((service) => service.final(name));
    expect([name, total(stats.map((each) => each.exhausted))]).toEqual([name, dead.length]);
    if (guarantees.delivery === 'at-least-once') {
      expect([name, new Set(dead).size]).toEqual([name, dead.length]);
      expect(dead.filter((count) => deliveries.flat().includes(count))).toEqual([]);
      expect(dead.length).toBeGreaterThanOrEqual(atLeast);
    } else if (guarantees.audience === 'one-subscriber') {
      expect([name, lost.length]).toEqual([name, total(stats.map((each) => each.failed))]);
      expect(deliveries.flat().length + lost.length).toBe(accepted.length);
      expect(lost.length).toBeGreaterThanOrEqual(atLeast);
    } else for (const each of stats) expect([name, each.lost]).toEqual([name, each.failed]);
  }
}

/** What is not a message is kept once, byte by byte, by those that keep messages, and each subscriber that sees it counts it. */
function expectHostileKept(run: Scenario, fates: Awaited<ReturnType<Scenario['close']>>): void {
  for (const [{ name, guarantees }, { strange }] of fates) {
    const invalid = run.subscribers.map((service) => service.final(name).invalid as number);
    const copies = guarantees.audience === 'every-subscriber' ? run.subscribers.length : 1;
    expect([name, total(invalid)]).toEqual([name, copies * hostile.length]);
    const kept = guarantees.keepsUnread ? hostile : [];
    expect(inOrder(strange.map((letter) => letter.payload))).toEqual(inOrder(kept));
  }
}

describe('poison', () => {
  test(`${hostile.length} payloads that are no messages, and handlers that fail, among good messages`, async () => {
    await using run = new Scenario(own.redis, {
      REDIS_PORT: own.server.port,
      FAIL_RATE: 0.3,
      MAX_ATTEMPTS: 2,
      RECLAIM_AFTER: 10,
    });
    await Promise.all([run.subscribe(), run.subscribe()]);
    await run.publish({ PUBLISH_INTERVAL: 0.005 });
    for (const payload of hostile) {
      await run.flowing();
      for (const pattern of run.patterns) await pattern.publish(own.redis, pattern.topic.default, [payload]);
    }
    const fates = await run.close({ lost: Number.POSITIVE_INFINITY });
    expectGivenUp(run, fates, 1);
    expectHostileKept(run, fates);
  });

  test('handlers that take too long', async () => {
    await using run = new Scenario(own.redis, {
      REDIS_PORT: own.server.port,
      WORK_TIME: 5,
      HANDLER_TIMEOUT: 0.02,
      MAX_ATTEMPTS: 2,
      RECLAIM_AFTER: 1,
    });
    await Promise.all([run.subscribe(), run.subscribe()]);
    await run.publish({ MESSAGE_COUNT: 20, PUBLISH_INTERVAL: 0.01 });
    expectGivenUp(run, await run.close({ lost: 20 }), 20);
  });
});
