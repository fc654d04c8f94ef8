import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { PublisherStats } from '@redis-messaging/shared/accounting/stats';
import { queue } from '@redis-messaging/shared/patterns/queue';
import { freePort } from '../../local/redis/redis-server.ts';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { connectTo, startRedis } from '../support/redis.ts';
import { countOf } from '../support/redis-stats.ts';
import { Scenario } from '../support/scenario.ts';

/** Slow to load, as with gigabytes: 1 ms a key (a setting that Redis' own tests use), answering meanwhile. */
const SLOW = ['key-load-delay 1000', 'loading-process-events-interval-bytes 1024'] as const;
const KEYS = 2000;
/** The most messages that go to Redis at once. */
const BATCH = 500;

test('a Redis that loads its data after a restart is not there yet: waited for, refused by nobody', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'loading-'));
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const port = await freePort();
  const settings = [`dir ${folder}`, 'dbfilename kept.rdb'];
  let server = await startRedis({ port, settings });
  await using __ = { [Symbol.asyncDispose]: () => server.stop() };
  await using redis = await connectTo(port);
  await redis.client.mSet(Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`key:${index}`, 'x'])));
  await using run = new Scenario(redis.client, { REDIS_PORT: port, RECLAIM_AFTER: 1 });
  const reader = await run.subscribe();
  await redis.client.sendCommand(['SAVE']); // before the first message: one that it held would come again, also by the queue
  const writer = await run.publish({ PUBLISH_INTERVAL: 0.01 });
  await reader.event('received', (line) => line.count === 20);

  process.kill(server.pid, 'SIGKILL');
  await server.stop();
  const startedAt = Date.now();
  server = await startRedis({ port, settings: [...settings, ...SLOW] });
  const loadedAfter = async (service: ServiceProcess) =>
    (Date.parse((await service.event('reconnected')).time) - startedAt) / 1000;
  for (const service of [writer, reader]) expect(await loadedAfter(service)).toBeGreaterThan((KEYS * 1000) / 1e6);
  await run.flowing();
  const stats = await redis.client.info('commandstats');
  const refused = Number(/^cmdstat_rpush:.*rejected_calls=(\d+)/m.exec(stats)?.[1]);
  expect(refused / (await loadedAfter(writer))).toBeLessThan(40); // it is asked now and then, not all the time

  await run.close({ keeps: false });
  for (const line of reader.lines) expect(line.event).not.toMatch(/refused|unsaved/);
});

test('what waits while Redis loads its data arrives in order, although part of it is refused first', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'loading-'));
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const port = await freePort();
  const settings = [`dir ${folder}`, 'dbfilename kept.rdb', 'rdbcompression no'];
  let server = await startRedis({ port, settings });
  await using __ = { [Symbol.asyncDispose]: () => server.stop() };
  await using redis = await connectTo(port);
  const large = Array.from({ length: KEYS }, (_, index) => [`key:${index}`, 'x'.repeat(1024)]);
  await redis.client.mSet(Object.fromEntries(large));
  await redis.client.sendCommand(['SAVE']);
  await using line = await TcpProxy.to(port);
  await using run = new Scenario(redis.client, { REDIS_PORT: port }, [queue]);
  const size = 1000;
  const writer = await run.publish({ REDIS_PORT: line.port, PUBLISH_INTERVAL: 0.0005, MESSAGE_SIZE: size });

  const buffered = () => (writer.progress.queue as PublisherStats | undefined)?.buffered ?? 0;

  process.kill(server.pid, 'SIGKILL');
  await server.stop();
  await until('several batches to wait', () => buffered() > 4 * BATCH);
  // It loads until it is told to be quick, which it is told when it has refused the first batch; what was sent with that comes then.
  line.holdAfterRequest(1.5 * BATCH * size);
  server = await startRedis({ port, settings: [...settings, 'key-load-delay 10000', SLOW[1]] });
  await until('a batch to be refused', async () => (await countOf(redis.client, 'rpush', 'rejected_calls')) > 0);
  await redis.client.configSet('key-load-delay', '0');
  await until('the data to be there', async () => (await redis.client.info('persistence')).includes('\nloading:0'));
  line.release();

  await writer.event('reconnected');
  const reader = await run.subscribe();
  await run.flowing();
  await run.close({ keeps: false });
  expect(reader.final('queue')).toMatchObject({ reordered: 0, duplicated: 0 });
});

test('nothing more is told of a connection that was closed, such as the failure that the closing causes', async () => {
  await using server = await startRedis();
  await using other = await connectTo(server.port);
  /** Closes a connection as soon as it answers again, perhaps before the client holds it to be ready. */
  const told = async () => {
    const events: string[] = [];
    const listener = { onDown: () => events.push('down'), onClosed: () => events.push('closed') };
    await using redis = await connectTo(server.port, listener);
    await other.client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    while (redis.client.isReady) await new Promise(setImmediate);
    await expect(redis.client.sendCommand(['NO-SUCH-COMMAND'])).rejects.toThrow();
    const early = !redis.client.isReady;
    await redis.close();
    await other.client.ping();
    expect(events).toEqual(['down', 'closed']);
    return { early };
  };
  await until('a closing in the middle of a handshake', async () => (await told()).early);
});
