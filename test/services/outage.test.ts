import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PublisherStats, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { freePort, type RedisServer, type ServerOptions } from '../../local/redis/redis-server.ts';
import { peakMemoryOf } from '../../testkit/peak-memory.ts';
import type { Line, ServiceName, ServiceProcess } from '../../testkit/service-process.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { untilDrained } from '../support/drained.ts';
import { stopsUndisturbed } from '../support/longest-silence.ts';
import { connectTo, startRedis } from '../support/redis.ts';
import { readyService, startService } from '../support/start-service.ts';

/** What Redis pops in its last moment may not be sent any more: the queue is at most once. One batch, at the most. */
const IN_HAND = 500;
/** How long Redis is unreachable, in seconds: OUTAGE=10 npm test -- outage */
const OUTAGE = Number(process.env.OUTAGE ?? 1);
/** How long there is no Redis to begin with: ms, for several attempts. That nothing more is said of it can only be waited for. */
const ABSENCE_MS = 1000;

const RECLAIM_AFTER = 1;

let folder: string;
let port: number;
let server: RedisServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outage-'));
  port = await freePort();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(folder, { recursive: true });
});

/** A Redis that keeps what it has accepted from one life to the next. */
async function redisUp(options: ServerOptions = {}): Promise<void> {
  const settings = [`dir ${folder}`, 'appendonly yes', 'appendfsync always'];
  server = await startRedis({ port, settings, ...options });
}

async function redisDown(signal?: 'SIGKILL'): Promise<void> {
  if (signal) process.kill(server?.pid as number, signal);
  await server?.stop();
  server = undefined;
}

const ready = (name: ServiceName, env: Record<string, string | number>) =>
  readyService(name, { REDIS_PORT: port, ...env });

const countsOf = (lines: readonly Line[]) => lines.map((line) => line.count as number);

/** Stops the publisher, which settles all it has; waits for what it sent last, and until nothing is in flight; stops the subscriber. */
async function end(writer: ServiceProcess, reader: ServiceProcess): Promise<void> {
  await using redis = await connectTo(port);
  const gaveNothingUp = await stopsUndisturbed(redis.client, writer);
  for (const { name, guarantees } of patterns) {
    const { refused, unconfirmed } = writer.final(name);
    if (gaveNothingUp && guarantees.delivery === 'at-least-once')
      expect([name, refused, unconfirmed]).toEqual([name, 0, 0]);
  }
  for (const { name } of patterns) {
    const last = Math.max(...countsOf(writer.events('published', name)));
    await reader.event('received', (line) => line.pattern === name && line.count === last);
  }
  await untilDrained(redis.client, patterns);
  expect(await reader.stop()).toBe(0);
}

/** Both sides' books agree with each other and with the log, to the message, and every promise is kept. */
function expectTrueBooks(writer: ServiceProcess, reader: ServiceProcess): void {
  for (const { name, guarantees } of patterns) {
    const sent = writer.final(name) as Line;
    const got = reader.final(name) as Line;
    const deliveries = countsOf(reader.events('received', name));
    const received = new Set(deliveries);
    const accepted = countsOf(writer.events('published', name));
    const highest = Math.max(...received);

    expect(sent.accepted).toBe(accepted.length);
    expect(highest).toBeLessThanOrEqual(sent.made);
    expect(sent.made).toBe(sent.accepted + sent.refused + sent.unconfirmed + sent.buffered);
    const first = guarantees.keepsUnread ? 1 : Math.min(...received);
    const took = new Set([...accepted.filter((count) => count >= first), ...received]);
    expect(got).toMatchObject({
      accepted: took.size,
      handled: received.size,
      received: received.size,
      duplicated: deliveries.length - received.size,
      lost: took.size - received.size,
      unexplained: 0,
      moving: 0,
    });
    if (guarantees.delivery === 'at-least-once') expect([name, got.lost]).toEqual([name, 0]);

    const lost = accepted.filter((count) => !received.has(count)).length;
    if (guarantees.delivery === 'at-least-once') {
      expect([name, lost]).toEqual([name, 0]);
    } else {
      expect([name, got.duplicated, got.reordered]).toEqual([name, 0, 0]);
      if (guarantees.keepsUnread) expect(lost).toBeLessThanOrEqual(IN_HAND);
    }
  }
}

describe('without Redis for a while', () => {
  test('services that start before Redis wait for it, say so once, and begin when it is there', async () => {
    await using reader = startService('subscriber', { REDIS_PORT: port });
    await using writer = startService('publisher', { REDIS_PORT: port, MESSAGE_COUNT: 5, PUBLISH_INTERVAL: 0.05 });
    await reader.event('disconnected');
    await writer.event('disconnected');
    await sleep(ABSENCE_MS);
    await redisUp();
    await writer.exited;
    await reader.event('received', (line) => line.pattern === 'queue' && line.count === 5);
    await reader.stop();
    for (const service of [reader, writer]) {
      expect(service.events('disconnected')).toHaveLength(1);
      expect(service.events('connected')).toHaveLength(1);
    }
    expect(reader.final('queue')).toMatchObject({ received: 5, lost: 0 });
  });

  test.each([
    ['stopped', undefined],
    ['killed', 'SIGKILL'],
  ] as const)(
    `Redis is ${'%s'} for ${OUTAGE} s under load: both come back, and the books are true`,
    async (_how, signal) => {
      await redisUp();
      const env = { PATTERN: 'all', LOG_LEVEL: 'debug', RECLAIM_AFTER };
      await using reader = await ready('subscriber', env);
      await using writer = await ready('publisher', { ...env, PUBLISH_INTERVAL: 0.002 });
      await reader.event('received', (line) => line.count === 250);
      await redisDown(signal);
      await sleep(OUTAGE * 1000);
      await redisUp();
      const back = await reader.event('reconnected');
      await writer.event('reconnected');
      for (const { name } of patterns) {
        await reader.event(
          'received',
          (line) => line.pattern === name && Date.parse(line.time) > Date.parse(back.time),
        );
      }
      await end(writer, reader);
      expectTrueBooks(writer, reader);
      const { refused, unconfirmed } = writer.final('pubsub');
      expect(refused + unconfirmed + reader.final('pubsub')?.lost).toBeGreaterThan(OUTAGE * 400);
      expect(writer.final('queue')?.refused).toBe(0);
      expect(writer.final('queue')?.accepted).toBeGreaterThan(250 + OUTAGE * 400);
      for (const service of [reader, writer]) {
        expect(service.events('disconnected')).toHaveLength(1);
        expect(service.events('reconnected')).toHaveLength(1);
      }
    },
    60_000 + OUTAGE * 5000,
  );

  test('connections that are reset under load come back by themselves', async () => {
    await redisUp();
    await using readerLine = await TcpProxy.to(port);
    await using writerLine = await TcpProxy.to(port);
    await using reader = await ready('subscriber', { REDIS_PORT: readerLine.port, LOG_LEVEL: 'debug' });
    await using writer = await ready('publisher', {
      REDIS_PORT: writerLine.port,
      PUBLISH_INTERVAL: 0.005,
      LOG_LEVEL: 'debug',
    });
    for (let round = 1; round <= 3; round++) {
      await reader.event('received', (line) => line.pattern === 'pubsub' && line.received >= round * 100);
      for (const [service, line] of [
        [writer, writerLine],
        [reader, readerLine],
      ] as const) {
        const next = service.fromNow();
        line.reset();
        await next('reconnected');
      }
    }
    const soFar = reader.events('received', 'pubsub').length;
    await until('more messages', () => reader.events('received', 'pubsub').length > soFar);
    expect(await writer.stop()).toBe(0);
    const last = Math.max(...countsOf(writer.events('published', 'pubsub')));
    await reader.event('received', (line) => line.pattern === 'pubsub' && line.count === last);
    await reader.stop();
    const { handled, lost, accepted, unexplained, moving } = reader.final('pubsub') as Line;
    expect([handled + lost, unexplained, moving]).toEqual([accepted, 0, 0]);
    expect(reader.final('queue')?.duplicated).toBe(0);
  });

  test('a connection on which nothing comes back is noticed by both, however much the publisher writes', async () => {
    await redisUp();
    await using line = await TcpProxy.to(port);
    await using reader = await ready('subscriber', { REDIS_PORT: line.port });
    const publisher = (PUBLISH_INTERVAL: number) => ready('publisher', { REDIS_PORT: line.port, PUBLISH_INTERVAL });
    const [fast, slow] = await Promise.all([publisher(0), publisher(0.1)]);
    const all = [reader, fast, slow];
    for (const writer of [fast, slow]) await writer.event('published', ({ count }) => count === 5);
    const next = all.map((service) => service.fromNow());
    line.swallow();
    for (const nextOf of next) {
      const { reason } = await nextOf('disconnected');
      expect(reason).toMatch(/^no answer for 3 s$/);
    }
    const received = (reader.progress.pubsub as SubscriberStats).received;
    line.pass();
    for (const nextOf of next) await nextOf('reconnected');
    await until('new messages', () => (reader.progress.pubsub as SubscriberStats).received > received);
    await Promise.all([fast.stop(), slow.stop()]);
    await reader.stop();
    expect(reader.final('pubsub')?.received).toBeGreaterThan(received);
    for (const writer of [fast, slow])
      expect(writer.final('pubsub')?.refused + writer.final('pubsub')?.unconfirmed).toBeGreaterThan(0);
    for (const writer of [fast, slow]) expect(writer.final('queue')?.unconfirmed).toBeLessThanOrEqual(2000);
  });

  test.each([
    ['SUBSCRIBE', /SUBSCRIBE/],
    ['CLIENT ID', /CLIENT\r\n\$2\r\nID/],
    ['BLPOP', /BLPOP/],
    ['LLEN', /LLEN/],
  ])('a connection that is cut when it sends %s costs nothing but a moment', async (_name, command) => {
    await redisUp();
    await using line = await TcpProxy.to(port);
    line.cutOn(command);
    await using reader = await ready('subscriber', { REDIS_PORT: line.port });
    await using writer = startService('publisher', { REDIS_PORT: port, MESSAGE_COUNT: 3, PUBLISH_INTERVAL: 0 });
    await writer.exited;
    for (const pattern of ['pubsub', 'queue']) {
      await reader.event('received', (received) => received.pattern === pattern && received.count === 3);
    }
    expect(await reader.stop()).toBe(0);
  });

  test('what does not fit into the buffer is refused, counted and said', async () => {
    await redisUp();
    await using writer = await ready('publisher', { PATTERN: 'queue', PUBLISH_INTERVAL: 0.001, BUFFER_LIMIT: 50 });
    await redisDown();
    const { reason } = await writer.event('refused');
    expect(reason).toBe('the buffer is full: bufferLimit is 50 messages');
    await redisUp();
    await writer.event('accepted');
    await writer.stop();
    const { accepted, refused, unconfirmed, buffered } = writer.final('queue') as Line;
    expect(refused).toBeGreaterThan(0);
    expect(buffered).toBe(0);
    expect(accepted).toBe(writer.events('published').length);
    expect(accepted + refused + unconfirmed).toBeGreaterThanOrEqual(Math.max(...countsOf(writer.events('published'))));
  });

  test('messages of 5 MB fill the buffer, not the memory: what does not fit is refused, all else arrives', async () => {
    const [count, size] = [150, 5_000_000];
    const fitting = Math.floor((64 * 1024 * 1024) / size);
    server = await startRedis({ port });
    const env = { PATTERN: 'queue', PUBLISH_INTERVAL: 0.05, MESSAGE_SIZE: size, MESSAGE_COUNT: count };
    await using writer = await ready('publisher', env);
    await redisDown('SIGKILL');
    const { reason } = await writer.event('refused');
    expect(reason).toBe('the buffer is full: bufferBytes is 67,108,864');
    const stats = () => writer.progress.queue as PublisherStats;
    await until(
      'all to be made',
      () => {
        const { accepted, refused, unconfirmed, buffered } = stats();
        return accepted + refused + unconfirmed + buffered === count;
      },
      90_000,
    );
    const { accepted, refused, unconfirmed, buffered } = stats();
    expect(buffered).toBe(fitting);
    const peak = peakMemoryOf(writer.process.pid as number);
    server = await startRedis({ port });
    expect(await writer.exited).toBe(0);
    const sent = { accepted: accepted + fitting, refused, unconfirmed, buffered: 0, waiting: fitting };
    expect(writer.final('queue')).toMatchObject(sent);
    expect(peak ?? 0).toBeLessThan(400);
  });

  test('a wrong password is an error at once, not something to wait for; it is not shown', async () => {
    await redisUp({ password: 'right "one"' });
    for (const name of ['publisher', 'subscriber'] as const) {
      await using wrong = startService(name, { REDIS_PORT: port, REDIS_PASSWORD: 'hunter2' });
      expect(await wrong.exited).toBe(1);
      expect(wrong.events('fatal')).toEqual([expect.objectContaining({ msg: expect.stringContaining('WRONGPASS') })]);
      expect(JSON.stringify(wrong.lines)).not.toContain('hunter2');
    }
    await using right = startService('subscriber', { REDIS_PORT: port, REDIS_PASSWORD: 'right "one"' });
    await right.event('ready');
    expect(JSON.stringify(right.lines)).not.toContain('right');
    expect(await right.stop()).toBe(0);
  });
});
