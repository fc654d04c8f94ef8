import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type AclUser, aclRules } from '@redis-messaging/shared/access/acl-rules';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { redisServers } from '@redis-messaging/shared/service/redis-options';
import { Live } from '../../dashboard/server/live/live.ts';
import { Watch } from '../../dashboard/server/live/watch.ts';
import { findServer } from '../../local/redis/find-server.ts';
import { direct } from '../../local/redis/one-server.ts';
import { type RedisCluster, startRedisCluster } from '../../local/redis/redis-cluster.ts';
import { until } from '../../testkit/until.ts';
import { startService } from '../support/start-service.ts';

jest.setTimeout(120_000);
const COUNT = 60;
const PASSWORD = 'secret';
const SCALE = { partitions: 3, isCluster: true, waitReplicas: 1 };

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster(await findServer(console.error), { primaries: 3, replicas: 1 });
  const topics = new Map(patterns.map((pattern) => [pattern, pattern.topic.default]));
  for (const { port } of cluster.servers)
    await direct(port, async (redis) => {
      for (const user of ['publisher', 'subscriber', 'dashboard'] as const)
        await redis.aclSetUser(user, ['on', `>${PASSWORD}`, ...aclRules(user, topics, SCALE)]);
    });
});
afterAll(async () => await cluster.stop());

const envOf = (user: AclUser) => ({
  REDIS_CLUSTER: cluster.servers.map(({ port }) => `127.0.0.1:${port}`).join(),
  REDIS_USERNAME: user,
  REDIS_PASSWORD: PASSWORD,
  PATTERN: 'all',
  PARTITIONS: String(SCALE.partitions),
  LIVE: 'on',
});

/** What the servers have refused, and to whom. */
async function denials(): Promise<string[]> {
  const logs = cluster.servers.map(({ port }) => direct(port, async (redis) => await redis.aclLog()));
  return (await Promise.all(logs)).flat().map(({ username, object, reason }) => `${username}: ${reason} ${object}`);
}

test('with the least rights, a Cluster refuses nothing to the services, nor to the live page, which shows its servers', async () => {
  const live = new Live(() => {});
  const watch = new Watch(redisServers(loadConfig(envOf('dashboard')), 'dashboard'), {
    announced: (announcement) => live.hear(announcement, Date.now()),
    redis: (state) => live.hearRedis(state),
    places: () => live.places,
    refused: () => {},
  });
  try {
    watch.set(true);
    const subscriber = startService('subscriber', envOf('subscriber'));
    await subscriber.event('ready');
    const publisher = startService('publisher', {
      ...envOf('publisher'),
      WAIT_REPLICAS: 1,
      MESSAGE_COUNT: COUNT,
      PUBLISH_INTERVAL: 0.05,
    });
    await until('the page to know who has what', () => {
      const owned = watch.redis.nodes.filter(({ role }) => role === 'primary').map(({ lanes }) => lanes.queue ?? 0);
      return watch.redis.nodes.length === 6 && owned.reduce((sum, each) => sum + each, 0) === SCALE.partitions;
    });
    expect(await watch.cutSubscribers()).toBeGreaterThan(0);
    expect(await publisher.exited).toBe(0);
    for (const { name, guarantees } of patterns)
      if (guarantees.keepsUnread) {
        const count = () => new Set(subscriber.events('received', name).map((line) => line.id)).size;
        await until(`all of ${name}`, () => count() >= COUNT - publisher.final(name).unconfirmed, 30_000);
      }
    expect(await subscriber.stop()).toBe(0);
    expect(await denials()).toEqual([]);
    expect([...subscriber.events('no-right'), ...publisher.events('no-right')]).toEqual([]);
  } finally {
    watch.set(false);
  }
});
