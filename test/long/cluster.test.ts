import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createMessaging } from '@redis-messaging/shared/messaging/messaging';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { clusterServers } from '@redis-messaging/shared/redis/servers/cluster';
import { createCluster } from 'redis';
import { findServer } from '../../local/redis/find-server.ts';
import { migrateSlot } from '../../local/redis/migrate-slot.ts';
import { ownerOf as ownerAt } from '../../local/redis/one-server.ts';
import { type RedisCluster, startRedisCluster } from '../../local/redis/redis-cluster.ts';
import { until } from '../../testkit/until.ts';
import { Flow } from '../scale/flow.ts';
import { startRedis } from '../support/redis.ts';

jest.setTimeout(120_000);
let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster(await findServer(console.error), { primaries: 3, replicas: 1 });
});
afterAll(async () => await cluster.stop());

const rootNodes = () => cluster.servers.map(({ port }) => ({ socket: { host: '127.0.0.1', port } }));

const ownerOf = (key: string) => ownerAt(key, (cluster.servers[1] as { port: number }).port);

const named = patterns.map((pattern) => [pattern.name, pattern] as const);

test.each(named)(
  '%s: a slot that migrates while messages flow loses none, and nothing is stuck',
  async (_, pattern) => {
    await using flow = new Flow({ rootNodes: rootNodes() }, pattern, `migrating-${pattern.name}`);
    await flow.goesOn();
    const { slot, port: from } = await ownerOf(flow.name);
    const to = cluster.servers.slice(0, cluster.primaries).find(({ port }) => port !== from)?.port as number;
    await migrateSlot(slot, { from, to });
    expect((await ownerOf(flow.name)).port).toBe(to);
    await flow.goesOn();
    await migrateSlot(slot, { from: to, to: from });
    await flow.goesOn();
    await flow.settle();
    if (pattern.guarantees.keepsUnread) expect(flow.missing).toEqual([]);
    expect(flow.unconfirmed.size).toBe(0);
    expect(new Set(flow.handled).size).toBe(flow.handled.length);
  },
);

test('a client of a Cluster is taken where one of a single server is', async () => {
  const redis = createCluster({ rootNodes: rootNodes().slice(0, 1) });
  await using messaging = createMessaging({ redis });
  for (const pattern of patterns) {
    const topic = messaging.topic<string>(`by-client-${pattern.name}`, { pattern });
    const handled: string[] = [];
    await topic.consume({}, (value) => void handled.push(value)).ready;
    await topic.producer().send('hello');
    await until('the message', () => handled.length === 1);
  }
});

test('whoever any server will do for stays with the one that has answered', async () => {
  const [replica] = rootNodes().slice(cluster.primaries);
  const { locate } = clusterServers({ rootNodes: [replica as { socket: object }] }).optionsFor('');
  const places = [await locate?.(), await locate?.(), await locate?.()];
  expect(places).toEqual(places.map(() => replica?.socket));
});

test('a server that is none of a Cluster ends the first attempt, with what to do', async () => {
  const alone = await startRedis();
  try {
    const redis = { rootNodes: [{ socket: { host: '127.0.0.1', port: alone.port } }] };
    await using messaging = createMessaging({ redis });
    await expect(messaging.connect()).rejects.toThrow('name the servers of a Cluster');
  } finally {
    await alone.stop();
  }
});

// The last, because it changes who the primaries are.
test('a primary that dies: reading and writing go on, and every message that was accepted and replicated arrives', async () => {
  const flows = patterns.map((pattern) => new Flow({ rootNodes: rootNodes() }, pattern, `dying-${pattern.name}{x}`));
  try {
    await Promise.all(flows.map((flow) => flow.goesOn()));
    const { port } = await ownerOf('{x}');
    const dying = cluster.servers.find((server) => server.port === port);
    process.kill(dying?.pid as number, 'SIGKILL');
    await until('another primary', async () => (await ownerOf('{x}')).port !== port, 30_000);
    await Promise.all(flows.map((flow) => flow.goesOn()));
    for (const flow of flows) await flow.settle();
    for (const { pattern, missing, handled, accepted } of flows) {
      expect(handled.length).toBeGreaterThan(200);
      // Replication is asynchronous: what was accepted in the last moment may be gone.
      if (pattern.guarantees.keepsUnread) expect(missing.length).toBeLessThan(Math.max(50, accepted.size / 10));
    }
  } finally {
    for (const flow of flows) await flow[Symbol.asyncDispose]();
  }
});
