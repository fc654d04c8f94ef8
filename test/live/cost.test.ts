import { afterEach, expect, test } from '@jest/globals';
import type { SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { until } from '../../testkit/until.ts';
import { LivePage } from '../support/live-page.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

afterEach(async () => {
  await own.redis.flushAll();
});

/** While messages went by every pattern: how often each command was executed, each connection's last one, and the account of Pub/Sub. */
async function counted(LIVE: 'on' | 'off', PUBLISH_INTERVAL = 0.05) {
  await own.redis.flushAll();
  await own.redis.configResetStat();
  const env = { REDIS_PORT: own.server.port, PATTERN: 'all', CONSUMER: 'first', STATS_INTERVAL: 3600, LIVE };
  await using reader = await readyService('subscriber', env);
  await using writer = startService('publisher', { ...env, MESSAGE_COUNT: 20, PUBLISH_INTERVAL });
  expect(await writer.exited).toBe(0);
  await until('all', () => reader.events('received').length === 100);
  const clients = await until('the publisher to be gone', async () => {
    const all = (await own.redis.clientList()).map(({ name, cmd }) => `${name} ${cmd}`);
    return all.some((each) => each.startsWith('publisher')) ? undefined : all;
  });
  const calls = new Map<string, number>();
  for (const [, command, count] of (await own.redis.info('commandstats')).matchAll(/cmdstat_([^:]+):calls=(\d+)/g))
    calls.set(command as string, Number(count));
  const pubsub = await until('a report of all', () => {
    const stats = (reader.progress as Record<string, SubscriberStats>).pubsub;
    return stats?.handled === 20 && stats.listeners !== null ? stats : undefined;
  });
  expect(await reader.stop()).toBe(0);
  return { calls, clients, pubsub };
}

/** Commands that depend on how many messages there are, and not on how long that takes. */
const CARRIERS = ['publish', 'spublish', 'xadd'];

test('while nobody looks, a service that takes part sends no command more, but one SUBSCRIBE at its start', async () => {
  const off = await counted('off');
  const on = await counted('on');
  expect([...on.calls.keys()].filter((name) => !off.calls.has(name))).toEqual([]);
  expect(on.calls.get('subscribe')).toBe((off.calls.get('subscribe') as number) + 2); // of subscriber and publisher
  for (const name of CARRIERS.filter((each) => off.calls.has(each)))
    expect([name, on.calls.get(name)]).toEqual([name, off.calls.get(name)]);
  expect(on.clients.filter((client) => client.includes(':live '))).toEqual([
    expect.stringMatching(/^subscriber:[\w-]+:live subscribe$/),
  ]);
  expect(off.clients.filter((client) => client.includes(':live '))).toEqual([]);
});

test('the demo’s own counts stay as they are, with a page and without', async () => {
  const [off, on] = [await counted('off'), await counted('on')];
  for (const { pubsub } of [off, on]) expect(pubsub).toMatchObject({ listeners: 1, wildcards: 0, channels: 1 });
  await using page = await LivePage.open(own.server.port);
  await page.look(100);
  const looked = await counted('on', 0.25); // for some seconds
  expect(looked.pubsub).toMatchObject({ listeners: 1, wildcards: 0, channels: 1, handled: 20, unexplained: 0 });
  expect(page.snapshots('publisher').length).toBeGreaterThan(1);
});
