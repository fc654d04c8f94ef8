import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createMessaging } from '@redis-messaging/shared/messaging/messaging';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { findServer } from '../../local/redis/find-server.ts';
import { migrateSlot } from '../../local/redis/migrate-slot.ts';
import { ownerOf } from '../../local/redis/one-server.ts';
import { type RedisCluster, startRedisCluster } from '../../local/redis/redis-cluster.ts';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { startService } from '../support/start-service.ts';

jest.setTimeout(120_000);
const COUNT = 1000;
const PARTITIONS = 4;
const CONCURRENCY = 4;
/** The most that is handled, at up to 4 at a time, 1 ms each, in the 25 ms after which the account is stored, and while Redis stores it. */
const BEING_STORED = 140;
const KILLED = ['ada', 'bob', 'ada', 'cleo'] as const;
const NAMES = ['ada', 'bob', 'cleo'] as const;

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster(await findServer(console.error), { primaries: 3, replicas: 1 });
});
afterAll(async () => await cluster.stop());

const owner = (key: string) => ownerOf(key, (cluster.servers.at(-1) as { port: number }).port);

/** A group of three, each with all the lives that it has had, and a publisher, all by every pattern, on topics of their own. */
class Group {
  readonly lives = new Map<string, ServiceProcess[]>(NAMES.map((name) => [name, []]));
  readonly #env: Readonly<Record<string, string | number>>;
  readonly #topics: ReadonlyMap<string, string>;

  constructor(name: string) {
    this.#topics = new Map(patterns.map((pattern) => [pattern.name, `${name}-${pattern.name}`]));
    this.#env = {
      REDIS_CLUSTER: cluster.servers.map((server) => `127.0.0.1:${server.port}`).join(),
      PATTERN: 'all',
      PARTITIONS,
      LOG_LEVEL: 'debug',
      RECLAIM_AFTER: 1,
      MAX_ATTEMPTS: 100,
      ...Object.fromEntries(patterns.map((pattern) => [pattern.topic.variable, `${name}-${pattern.name}`])),
    };
  }

  async start(name: string): Promise<void> {
    const service = startService('subscriber', { ...this.#env, CONCURRENCY, WORK_TIME: 0.001, CONSUMER: name });
    this.lives.get(name)?.push(service);
    await service.event('ready');
  }

  publish(count: number): ServiceProcess {
    return startService('publisher', { ...this.#env, PUBLISH_INTERVAL: 0.004, MESSAGE_COUNT: count });
  }

  now(name: string): ServiceProcess {
    return this.lives.get(name)?.at(-1) as ServiceProcess;
  }

  /** Waits until nothing waits, and nothing is in anybody's hands, and ends the subscribers, one after the other. */
  async settle(): Promise<void> {
    const rootNodes = cluster.servers.map((server) => ({ socket: { host: '127.0.0.1', port: server.port } }));
    await using messaging = createMessaging({ redis: { rootNodes } });
    for (const pattern of patterns.filter(({ guarantees }) => guarantees.keepsUnread)) {
      const topic = messaging.topic(this.#topics.get(pattern.name) as string, {
        pattern,
        ...(pattern.isPartitionable && { partitions: PARTITIONS }),
      });
      await until(
        `${pattern.name} to be empty`,
        async () => {
          const { waiting, inFlight } = await topic.backlog('subscribers').catch(() => ({ waiting: 1, inFlight: 0 }));
          return (waiting ?? 0) + inFlight === 0;
        },
        30_000,
      );
    }
    for (const name of NAMES) expect(await this.now(name).stop()).toBe(0);
  }

  /** What the subscribers tell in the end, who were all there to the end, is what their logs say message by message; nothing is unexplained. */
  expectTold({ name, guarantees }: Pattern, publisher: ServiceProcess): { readonly accepted: number } {
    const { accepted: sure, unconfirmed } = publisher.final(name);
    for (const names of guarantees.audience === 'one-subscriber' ? [NAMES] : NAMES.map((each) => [each])) {
      const { accepted, handled, lost, unexplained, moving } = this.now(names.at(-1) as string).final(name);
      const unique = new Set(this.said(name, names)).size;
      expect([name, unexplained, moving, handled, handled + lost]).toEqual([name, 0, 0, unique, accepted]);
      expect(accepted).toBeGreaterThanOrEqual(sure);
      expect(accepted).toBeLessThanOrEqual(sure + unconfirmed);
    }
    return { accepted: sure };
  }

  /** The ids that subscribers say they received by a pattern. */
  said(pattern: string, names: readonly string[] = NAMES): string[] {
    const lives = names.flatMap((name) => this.lives.get(name) ?? []);
    return lives.flatMap((life) => life.events('received', pattern)).map((line) => line.id as string);
  }
}

test('subscribers of one group that are killed: nothing is lost that must not be, and their accounts are those by message id', async () => {
  const group = new Group('crashing');
  await Promise.all(NAMES.map((name) => group.start(name)));
  const publisher = group.publish(COUNT);
  for (const [index, name] of KILLED.entries()) {
    await publisher.event('published', (line) => line.count >= (index + 1) * (COUNT / 6));
    await group.now(name).stop('SIGKILL');
    await group.start(name);
  }
  expect(await publisher.exited).toBe(0);
  await group.settle();
  for (const { name, guarantees } of patterns) {
    expect([name, publisher.final(name)]).toMatchObject([name, { accepted: COUNT, refused: 0, unconfirmed: 0 }]);
    const isShared = guarantees.audience === 'one-subscriber';
    for (const names of isShared ? [NAMES] : NAMES.map((each) => [each])) {
      const said = group.said(name, names);
      const unique = new Set(said).size;
      const told = group.now(names.at(-1) as string).final(name);
      const { accepted, handled, lost, unexplained, moving } = told;
      expect([name, accepted, unexplained, moving, handled + lost]).toEqual([name, COUNT, 0, 0, COUNT]);
      if (guarantees.delivery === 'at-least-once')
        expect([name, unique, handled, lost]).toEqual([name, COUNT, COUNT, 0]);
      else expect(Math.abs(handled - unique)).toBeLessThanOrEqual(KILLED.length * (CONCURRENCY + BEING_STORED));
      expect(told.duplicated).toBeLessThanOrEqual(said.length - unique);
    }
  }
});

test('a slot of a partition that migrates costs nothing, and the accounts know it', async () => {
  const group = new Group('migrating');
  await Promise.all(NAMES.map((name) => group.start(name)));
  const publisher = group.publish(COUNT);
  for (const [index, { name, isPartitionable }] of patterns.entries()) {
    await publisher.event('published', (line) => line.count >= (index + 1) * (COUNT / 8));
    const { slot, port: from } = await owner(isPartitionable ? `migrating-${name}.1` : `migrating-${name}`);
    const to = cluster.servers.slice(0, cluster.primaries).find(({ port }) => port !== from)?.port as number;
    await migrateSlot(slot, { from, to });
  }
  expect(await publisher.exited).toBe(0);
  await group.settle();
  for (const pattern of patterns) {
    const { accepted } = group.expectTold(pattern, publisher);
    if (pattern.guarantees.keepsUnread) expect([pattern.name, accepted]).toEqual([pattern.name, COUNT]);
    if (pattern.guarantees.keepsUnread) expect(new Set(group.said(pattern.name)).size).toBe(COUNT);
  }
});

// The last, because it changes who the primaries are.
test('a primary that dies: what it had not replicated is lost, and the accounts say so', async () => {
  const group = new Group('dying');
  await Promise.all(NAMES.map((name) => group.start(name)));
  const publisher = group.publish(2 * COUNT);
  await publisher.event('published', (line) => line.count >= COUNT / 2);
  const { port } = await owner('dying-stream.1');
  process.kill(cluster.servers.find((server) => server.port === port)?.pid as number, 'SIGKILL');
  await until('another primary', async () => (await owner('dying-stream.1')).port !== port, 30_000);
  expect(await publisher.exited).toBe(0);
  await group.settle();
  for (const pattern of patterns) group.expectTold(pattern, publisher);
});
