import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { PublisherStats } from '@redis-messaging/shared/accounting/stats';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { SAME_STOP_MS } from '@redis-messaging/shared/service/signals';
import { builtCommand, ROOT } from '../../local/process/node-command.ts';
import type { ServiceName, ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { connectTo, startRedis } from '../support/redis.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

/** How long Redis stands still: a fault, not a waiting for something. */
const STANDSTILL_MS = 800;
/** After so long a subscriber that stops no longer waits for what Redis may have handed over to it (1.2 s). */
const PATIENCE_MS = 1000;
/** How long Redis pauses before a stop: longer than a read blocks, so that the next one is held back by the pause. */
const PAUSED_MS = 3000;

const own = useRedis();
const base = () => ({ REDIS_PORT: own.server.port });

afterEach(async () => {
  await own.redis.flushAll();
});

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'loading-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

const started = (name: ServiceName, env = {}) => readyService(name, { ...base(), ...env });

/** A Redis of its own that a test may take away. */
async function withoutRedis(name: ServiceName, env = {}): Promise<ServiceProcess> {
  await using server = await startRedis();
  const service = await readyService(name, { REDIS_PORT: server.port, ...env });
  await server.stop();
  await service.event('disconnected');
  return service;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('stopping', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends idle and busy services with exit code 0 and the final stats',
    async (signal) => {
      await using reader = await started('subscriber');
      await using writer = await started('publisher', { PUBLISH_INTERVAL: 0 });
      await reader.event('received');
      expect(await writer.stop(signal)).toBe(0);
      expect(await reader.stop(signal)).toBe(0);
      await using idle = await started('subscriber');
      expect(await idle.stop(signal)).toBe(0);
      for (const service of [reader, writer, idle]) expect(service.events('stopped')).toHaveLength(1);
    },
  );

  test.each(['publisher', 'subscriber'] as const)(
    'the %s ends with exit code 0 when Redis is gone, and when it never was there',
    async (name) => {
      await using bereft = await withoutRedis(name, { PUBLISH_INTERVAL: 0.01 });
      expect(await bereft.stop()).toBe(0);
      expect(bereft.events('stopped')).toHaveLength(1);
      await using lonely = startService(name, { REDIS_PORT: 1 });
      await lonely.event('disconnected');
      expect(await lonely.stop()).toBe(0);
    },
  );

  test('a subscriber that has something in flight when Redis goes away stops with its table, and calls nothing lost', async () => {
    await using server = await startRedis();
    const kept = patterns.filter(({ guarantees }) => guarantees.keepsUnread);
    const PATTERN = kept.map(({ name }) => name).join();
    const count = 5;
    const env = { REDIS_PORT: server.port, PATTERN, SHUTDOWN_TIMEOUT: 15 };
    await using reader = startService('subscriber', { ...env, WORK_TIME: 1, DEDUPE_TTL: 60 });
    await reader.event('ready');
    await using writer = startService('publisher', { ...env, MESSAGE_COUNT: count, PUBLISH_INTERVAL: 0 });
    await writer.exited;
    await using redis = await connectTo(server.port);
    await until('some of each to be taken', async () => {
      const held = await Promise.all(
        kept.map((pattern) => pattern.backlog(redis.client, pattern.topic.default, 'subscribers')),
      );
      return held.every(({ waiting }) => (waiting ?? count) < count);
    });
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    await reader.event('disconnected');
    expect(await reader.stop()).toBe(0);
    expect(reader.events('stopped')).toHaveLength(1);
    for (const { name, guarantees } of kept) {
      if (!guarantees.survivesCrash) continue;
      expect(reader.final(name)).toMatchObject({ lost: 0 });
      expect(reader.events('released', name).every((line) => line.kept)).toBe(true);
      expect(reader.events('undeliverable', name)).toEqual([]);
    }
  });

  test('a service ends with the process that started it, also when that ends at once', async () => {
    const end = async (seconds: number) => {
      const options = { cwd: ROOT.pathname, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true };
      const starts = `spawn(process.execPath, ${JSON.stringify(builtCommand('subscriber'))}, ${JSON.stringify(options)})`;
      const parent = `console.log(require('node:child_process').${starts}.pid); setTimeout(process.exit, ${seconds * 1000})`;
      const env = { PATH: process.env.PATH, REDIS_PORT: String(own.server.port) };
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', parent], { env });
      const pid = Number(stdout);
      try {
        await until('the end of the service', () => !isRunning(pid));
      } finally {
        if (isRunning(pid)) process.kill(pid, 'SIGKILL');
      }
    };
    await Promise.all([end(0), end(1)]);
  });

  test('a publisher that must stop without Redis says what it could not send', async () => {
    await using writer = await withoutRedis('publisher', { PUBLISH_INTERVAL: 0.01 });
    await writer.event('refused');
    await until('messages to wait', () => (writer.progress.queue as PublisherStats | undefined)?.buffered);
    await writer.stop();
    const { accepted, refused, unconfirmed, buffered } = writer.final('queue');
    expect(buffered).toBe(0);
    expect(refused).toBeGreaterThan(0);
    const made = writer.final('pubsub');
    expect(accepted + refused + unconfirmed).toBe(made?.accepted + made?.refused + made?.unconfirmed);
  });

  test('a Redis that stands still for a moment at the stop costs nothing', async () => {
    /** @returns for how long Redis stood still at the most (ms), which is longer when this process stands still, too */
    const stopMeanwhile = async () => {
      await own.redis.flushAll();
      await using writer = startService('publisher', {
        ...base(),
        PATTERN: 'queue',
        PUBLISH_INTERVAL: 0,
        MESSAGE_COUNT: 20_000,
      });
      await writer.exited;
      await using reader = await started('subscriber', { PATTERN: 'queue' });
      await reader.event('received');
      const before = performance.now();
      process.kill(own.server.pid, 'SIGSTOP');
      reader.process.kill('SIGTERM');
      await sleep(STANDSTILL_MS);
      process.kill(own.server.pid, 'SIGCONT');
      const stoodStill = performance.now() - before;
      expect(await reader.exited).toBe(0);
      const costs = 20_000 - reader.final('queue')?.received - (await own.redis.lLen('message_queue'));
      return { stoodStill, costs };
    };
    const short = async () => {
      const { stoodStill, costs } = await stopMeanwhile();
      return stoodStill < PATIENCE_MS ? { costs } : undefined;
    };
    expect(await until('a moment that was short', short, 90_000)).toEqual({ costs: 0 });
  });

  test('a stop while Redis pauses writes, as for a failover, ends in order and leaves Redis alone', async () => {
    await using server = await startRedis();
    await using reader = await readyService('subscriber', { REDIS_PORT: server.port, PATTERN: 'all' });
    await using redis = await connectTo(server.port);
    await redis.client.clientPause(2 * PAUSED_MS, 'WRITE');
    await sleep(PAUSED_MS);
    expect(await reader.stop()).toBe(0);
    expect(reader.events('stopped')).toHaveLength(1);
    expect(await redis.client.ping()).toBe('PONG');
  });

  test('a slow handler finishes what it has begun; what is not begun goes back to the queue', async () => {
    await using reader = await started('subscriber', { PATTERN: 'queue', WORK_TIME: 0.1 });
    await using writer = startService('publisher', {
      ...base(),
      PATTERN: 'queue',
      PUBLISH_INTERVAL: 0,
      MESSAGE_COUNT: 100,
    });
    await writer.exited;
    await reader.event('received', (line) => line.count === 4);
    expect(await reader.stop()).toBe(0);
    const { received } = reader.final('queue');
    expect(received + (await own.redis.lLen('message_queue'))).toBe(100);
    const first = JSON.parse((await own.redis.lIndex('message_queue', 0)) as string);
    expect(first.count).toBe(received + 1);
  });

  test('a handler that would outlast SHUTDOWN_TIMEOUT is abandoned, and its message goes back', async () => {
    /** @returns the subscriber, unless it had to end before it could do its work in the second that it has left for that */
    const stopped = async () => {
      await own.redis.del('message_queue');
      for (const count of [1, 2, 3]) await own.redis.rPush('message_queue', encode(makeMessage('me', count)));
      await using reader = await started('subscriber', { PATTERN: 'queue', WORK_TIME: 60, SHUTDOWN_TIMEOUT: 2 });
      await until('the first message to be taken', async () => (await own.redis.lLen('message_queue')) === 2);
      const code = await reader.stop();
      if (reader.events('killed').length > 0) return undefined;
      expect(code).toBe(0);
      return reader;
    };
    const reader = await until('a stop in time', stopped, 60_000);
    const counts = (await own.redis.lRange('message_queue', 0, -1)).map((text) => JSON.parse(text).count);
    expect(counts).toEqual([1, 2, 3]);
    expect(reader.events('released')).toMatchObject([{ messages: 1, kept: true }]);
  });

  test('what a slow Pub/Sub subscriber could not handle before it stopped is reported as lost', async () => {
    await using reader = await started('subscriber', { PATTERN: 'pubsub', WORK_TIME: 0.05 });
    await using writer = startService('publisher', {
      ...base(),
      PATTERN: 'pubsub',
      PUBLISH_INTERVAL: 0,
      MESSAGE_COUNT: 300,
    });
    await writer.exited;
    await reader.event('received', (line) => line.count === 2);
    expect(await reader.stop()).toBe(0);
    expect(reader.events('released')).toMatchObject([{ kept: false }]);
    const { handled, lost, accepted, unexplained } = reader.final('pubsub');
    expect([accepted, unexplained]).toEqual([300, 0]);
    expect(handled).toBeLessThan(300);
    expect(lost).toBe(300 - handled);
  });

  test('a slow Pub/Sub subscriber drops the oldest rather than grow, says so, and the gap has its true size', async () => {
    await using reader = await started('subscriber', { PATTERN: 'pubsub', WORK_TIME: 0.5 });
    await using writer = startService('publisher', {
      ...base(),
      PATTERN: 'pubsub',
      PUBLISH_INTERVAL: 0,
      MESSAGE_COUNT: 11_000,
    });
    await writer.exited;
    await reader.event('overflow');
    await reader.event('received', (line) => line.received === 2);
    await reader.stop();
    const { handled, lost, accepted, unexplained } = reader.final('pubsub');
    expect([accepted, unexplained, handled + lost]).toEqual([11_000, 0, 11_000]);
  });

  test.each(['publisher', 'subscriber'] as const)('a %s that is still loading stops in order, too', async (name) => {
    await using folder = await temporaryFolder();
    const HOLD_LOADING = join(folder.path, 'loading');
    const service = startService(name, { ...base(), HOLD_LOADING }, ['--import', './test/support/hold-loading.mjs']);
    await until('it to load', () => existsSync(HOLD_LOADING));
    service.process.kill('SIGTERM');
    await rm(HOLD_LOADING);
    expect(await service.exited).toBe(0);
    expect(service.events('stopped')).toHaveLength(1);
  });

  test('a second signal ends at once, with an exit code that is not 0', async () => {
    await using reader = await started('subscriber', { PATTERN: 'queue', WORK_TIME: 60, SHUTDOWN_TIMEOUT: 60 });
    await own.redis.rPush(
      'message_queue',
      JSON.stringify({
        id: crypto.randomUUID(),
        timestamp: '2026-07-29T10:30:15Z',
        message: 'm',
        sender: 's',
        count: 1,
      }),
    );
    await until('the message to be taken', async () => (await own.redis.lLen('message_queue')) === 0);
    reader.process.kill('SIGTERM');
    reader.process.kill('SIGINT'); // as npm passes Ctrl-C on: the same stop
    await reader.event('stopping');
    await sleep(SAME_STOP_MS + 100);
    expect(reader.process.exitCode).toBeNull();
    expect(await reader.stop('SIGINT')).toBe(130);
  });
});
