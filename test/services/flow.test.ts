import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { PublisherStats, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { queue } from '@redis-messaging/shared/patterns/queue';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { freePort } from '../../local/redis/redis-server.ts';
import { outgoingOf } from '../../publisher/src/outgoing.ts';
import { allDeadLetters } from '../../testkit/all-dead-letters.ts';
import type { Line, ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { untilDrained } from '../support/drained.ts';
import { foreign } from '../support/foreign.ts';
import { countOf } from '../support/redis-stats.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const base = () => ({ REDIS_PORT: own.server.port });

afterEach(async () => {
  await own.redis.flushAll();
});

async function subscriber(env = {}): Promise<ServiceProcess> {
  return await readyService('subscriber', { ...base(), ...env });
}

/** Runs a publisher to its end. */
async function publish(count: number, env = {}): Promise<ServiceProcess> {
  const service = startService('publisher', { ...base(), MESSAGE_COUNT: count, PUBLISH_INTERVAL: 0, ...env });
  expect(await service.exited).toBe(0);
  return service;
}

const LATENCY = {
  p50: expect.any(Number),
  p95: expect.any(Number),
  p99: expect.any(Number),
  max: expect.any(Number),
  negative: 0,
};

describe('services', () => {
  test('each message goes by every pattern, and the log tells everything of it', async () => {
    await using reader = await subscriber();
    const writer = await publish(5, { PUBLISH_INTERVAL: 0.05, SENDER: 'me' });
    for (const pattern of ['pubsub', 'queue']) {
      await reader.event('received', (line) => line.pattern === pattern && line.count === 5);
      const published = writer.events('published', pattern);
      const received = reader.events('received', pattern);
      expect(published.map((line) => line.count)).toEqual([1, 2, 3, 4, 5]);
      expect(received.map((line) => line.received)).toEqual([1, 2, 3, 4, 5]);
      expect(received.map((line) => line.id)).toEqual(published.map((line) => line.id));
      expect(published[0]).toMatchObject({
        service: 'publisher',
        sender: 'me',
        level: 'info',
        time: expect.any(String),
      });
      expect(published[0]).toMatchObject({
        reply: 1, // subscribers reached, length of the queue
        lateMs: expect.any(Number),
        publishMs: expect.any(Number),
      });
      expect(received[0]).toMatchObject({ service: 'subscriber', sender: 'me', latencyMs: expect.any(Number) });
    }
    expect(writer.events('published', 'pubsub').map((line) => line.id)).toEqual(
      writer.events('published', 'queue').map((line) => line.id),
    );
    expect(await reader.stop()).toBe(0);
    for (const pattern of ['pubsub', 'queue']) {
      expect(writer.final(pattern)).toMatchObject({
        accepted: 5,
        refused: 0,
        unconfirmed: 0,
        buffered: 0,
        noSubscribers: 0,
      });
      expect(reader.final(pattern)).toEqual({
        accepted: 5,
        handled: 5,
        received: 5,
        dead: 0,
        lost: 0,
        elsewhere: 0,
        unexplained: 0,
        moving: 0,
        unconfirmed: 0,
        published: { made: 5, refused: 0, buffered: 0 },
        shares: {},
        duplicated: 0,
        reordered: 0,
        redelivered: 0,
        deduplicated: 0,
        missing: 0,
        failed: 0,
        exhausted: 0,
        leasesLost: 0,
        invalid: 0,
        waiting: 0,
        inFlight: 0,
        deadLetters: 0,
        listeners: pattern === 'pubsub' ? 0 : null,
        wildcards: pattern === 'pubsub' ? 0 : null,
        channels: pattern === 'pubsub' ? 0 : null,
        latencyMs: LATENCY,
        handledMs: LATENCY,
        firstAt: expect.stringMatching(/Z$/),
        lastAt: expect.stringMatching(/Z$/),
      });
    }
    expect(reader.lines.map((line) => line.event)).toEqual(
      expect.arrayContaining(['starting', 'connected', 'ready', 'stopping', 'stopped']),
    );
  });

  test('Pub/Sub, sharded or not: a subscriber that stands still for a moment misses nothing', async () => {
    const names = ['pubsub', 'sharded-pubsub'];
    const count = 300_000; // 70 MB: more than twice what Redis holds for a subscriber before it cuts it off
    // Without a line for each message, or it would go on being slower than the publisher.
    const env = { ...base(), PATTERN: names.join(), LOG_LEVEL: 'warn' };
    await using reader = startService('subscriber', env);
    await until('the subscriber', () => reader.isReady);
    reader.process.kill('SIGSTOP');
    await using writer = startService('publisher', { ...env, PUBLISH_INTERVAL: 0, MESSAGE_COUNT: count });
    await until('much to be held for it', async () =>
      (await own.redis.clientList({ TYPE: 'PUBSUB' })).some(({ omem }) => omem > 1024 * 1024),
    );
    const published = () => (writer.progress[names[0] as string] as PublisherStats | undefined)?.accepted ?? 0;
    const before = published();
    await sleep(1000); // a publisher that waits for nobody sends more than Redis holds in this time
    await until('more to be published all the same', () => published() > before);
    reader.process.kill('SIGCONT');
    expect(await writer.exited).toBe(0);
    const stats = () => names.map((name) => reader.progress[name] as SubscriberStats | undefined);
    await until('all messages', () => stats().every((each) => each?.received === count), 60_000);
    await reader.stop();
    for (const each of stats()) {
      expect(each).toMatchObject({ received: count, lost: 0, elsewhere: 0, duplicated: 0, reordered: 0 });
    }
  });

  test('MESSAGE_SIZE fills messages up, in bytes on the wire', async () => {
    await publish(3, { PATTERN: 'queue', MESSAGE_SIZE: 5000, SENDER: 'Zoë 👩‍💻' });
    const there = await own.redis.lRange('message_queue', 0, -1);
    expect(there.map((text) => Buffer.byteLength(text))).toEqual([5000, 5000, 5000]);
  });

  test('messages larger than MAX_MESSAGE_BYTES are not sent, and said, and counted; all others are', async () => {
    const most = outgoingOf('me')(9, 0).payload.length; // a longer count makes a longer message
    const writer = await publish(20, { PATTERN: 'pubsub,queue', SENDER: 'me', MAX_MESSAGE_BYTES: most });
    for (const name of ['pubsub', 'queue']) {
      expect(writer.final(name)).toMatchObject({ accepted: 9, refused: 11, unconfirmed: 0, buffered: 0 });
      expect(writer.events('too-large', name).map(({ count }) => count)).toEqual(
        Array.from({ length: 11 }, (_, index) => 10 + index),
      );
    }
    expect(writer.events('too-large')[0]?.msg).toContain(`it has ${most + 2} bytes, and MAX_MESSAGE_BYTES is ${most}`);
    expect(await own.redis.lLen('message_queue')).toBe(9);
  });

  test.each([1, 250, 2_000_000])(
    'a buffer of %d bytes slows the publisher down; it loses nothing',
    async (BUFFER_BYTES) => {
      const writer = await publish(200, { PATTERN: 'queue', BUFFER_BYTES });
      const large = await publish(20, { PATTERN: 'queue', BUFFER_BYTES, MESSAGE_SIZE: 1_000_000 });
      expect(writer.final('queue')).toMatchObject({ accepted: 200, refused: 0, unconfirmed: 0 });
      expect(large.final('queue')).toMatchObject({ accepted: 20, refused: 0, unconfirmed: 0, waiting: 220 });
    },
  );

  test('a small buffer slows the publisher down; it loses nothing and does not hang', async () => {
    const writer = await publish(20_000, { PATTERN: 'queue', BUFFER_LIMIT: 100 });
    expect(writer.final('queue')).toMatchObject({ accepted: 20_000, refused: 0, unconfirmed: 0 });
    await using hasty = startService('publisher', { ...base(), PUBLISH_INTERVAL: 0.000001, PATTERN: 'pubsub' });
    await hasty.event('published');
    expect(await hasty.stop()).toBe(0);
  });

  test.each(['queue', 'reliable-queue', 'stream'])('%s: large messages are taken few at a time', async (name) => {
    const pattern = patterns.find((candidate) => candidate.name === name) as Pattern;
    const large = (count: number) => JSON.stringify({ ...JSON.parse(foreign(count)), filler: 'x'.repeat(1024 * 1024) });
    for (let count = 1; count <= 100; count++) await pattern.publish(own.redis, pattern.topic.default, [large(count)]);
    await using reader = await subscriber({ PATTERN: name, HEALTH_PORT: await freePort() });
    await reader.event('received', (line) => line.count === 100);
    const [health] = reader.events('health');
    const metrics = await (await fetch(`http://127.0.0.1:${health?.port}/metrics`)).text();
    const resident = Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]);
    expect(resident).toBeLessThan(300 * 1024 * 1024);
  });

  test('PATTERN chooses, CHANNEL and QUEUE name the topics', async () => {
    await publish(3, { PATTERN: 'queue', QUEUE: 'elsewhere' });
    expect(await own.redis.lLen('elsewhere')).toBe(3);
    expect(await own.redis.lLen('message_queue')).toBe(0);
    await using reader = await subscriber({ PATTERN: 'pubsub', CHANNEL: 'news' });
    await publish(2, { PATTERN: 'pubsub', CHANNEL: 'news' });
    await reader.event('received', (line) => line.count === 2);
    await reader.stop();
    expect(Object.keys(reader.events('stopped')[0]?.patterns)).toEqual(['pubsub']);
  });

  test.each(['publisher', 'subscriber'] as const)(
    'the %s refuses a wrong configuration in one message',
    async (name) => {
      await using service = startService(name, {
        ...base(),
        PATTERN: 'smoke',
        PUBLISH_INTERVAL: 'often',
        LOG_FORMAT: 'pretty',
      });
      expect(await service.exited).toBe(1);
      expect(service.text).toEqual([
        `${name}: cannot start; fix these environment variables (see README, "Configuration"):`,
        expect.stringContaining(
          'PATTERN="smoke": expected one of pubsub, sharded-pubsub, queue, reliable-queue, stream, both, all',
        ),
        expect.stringContaining('PUBLISH_INTERVAL="often": expected seconds'),
      ]);
    },
  );

  test('sent as fast as Redis takes it, a message arrives once by each of all patterns, and leaves nothing behind', async () => {
    await using reader = await subscriber({ PATTERN: 'all' });
    const count = 3000; // several batches under way at one time
    const writer = await publish(count, { PATTERN: 'all' });
    await untilDrained(own.redis, patterns);
    expect(await reader.stop()).toBe(0);
    for (const { name } of patterns) {
      expect(writer.final(name)).toMatchObject({
        accepted: count,
        refused: 0,
        unconfirmed: 0,
        buffered: 0,
        retried: 0,
      });
      expect(reader.final(name)).toMatchObject({
        received: count,
        lost: 0,
        elsewhere: 0,
        duplicated: 0,
        reordered: 0,
        redelivered: 0,
        waiting: 0,
      });
    }
    expect((await own.redis.xInfoGroups('message_stream'))[0]).toMatchObject({ pending: 0, consumers: 0 });
    const isAccount = (key: string) => /:ledger|:reports$|:published$/.test(key);
    const left = (await own.redis.keys('{message_reliable_queue}*')).filter((key) => !isAccount(key));
    expect(left).toEqual([]);
  });

  test('a channel with a wildcard takes all channels of its form, and the log says which', async () => {
    await using reader = await subscriber({ PATTERN: 'pubsub', CHANNEL: 'news:*' });
    for (const channel of ['news:sport', 'news:weather', 'other'])
      await own.redis.publish(channel, foreign(1, channel));
    await reader.event('received', (line) => line.channel === 'news:weather');
    expect(reader.events('received').map((line) => [line.channel, line.sender])).toEqual([
      ['news:sport', 'news:sport'],
      ['news:weather', 'news:weather'],
    ]);
    expect(reader.events('received')[0]?.msg).toContain('[pubsub news:sport #1,');
  });

  test('large messages go in small batches, so that no connection is blocked by one of them', async () => {
    await own.redis.configResetStat();
    const writer = await publish(40, { PATTERN: 'queue', MESSAGE_SIZE: 1_000_000, PUBLISH_INTERVAL: 0 });
    expect(writer.final('queue')).toMatchObject({ accepted: 40, refused: 0 });
    expect(await own.redis.lLen('message_queue')).toBe(40);
    const calls = /^cmdstat_rpush:calls=(\d+)/m.exec(await own.redis.info('commandstats'))?.[1];
    expect(Number(calls)).toBeGreaterThanOrEqual(20); // of 2 MB at the most
  });

  test('the stats tell who listens: by name, and by wildcard', async () => {
    await using _byName = await subscriber({ PATTERN: 'pubsub', CHANNEL: 'news:sport' });
    await using byWildcard = await subscriber({ PATTERN: 'pubsub', CHANNEL: 'news:*', STATS_INTERVAL: 0.1 });
    const writer = await publish(3, { PATTERN: 'pubsub,sharded-pubsub', CHANNEL: 'news:sport' });
    expect(writer.final('pubsub')).toMatchObject({ listeners: 1, wildcards: 1, channels: 1, noSubscribers: 0 });
    expect(writer.final('sharded-pubsub')).toMatchObject({ listeners: 0, noSubscribers: 3 });
    expect(writer.events('published', 'pubsub')[0]?.msg).toContain('(2 subscribers)');
    const isThere = ({ patterns: { pubsub } }: Line) => pubsub.wildcards === 1;
    const { patterns: stats } = await byWildcard.event('stats', isThere);
    expect(stats.pubsub).toMatchObject({ listeners: 1, channels: 1 });
  });

  test('each group of a stream gets all of it, also one that comes late', async () => {
    await using first = await subscriber({ PATTERN: 'stream', GROUP: 'first' });
    await publish(100, { PATTERN: 'stream' });
    await using late = await subscriber({ PATTERN: 'stream', GROUP: 'late' });
    await using new_ = await subscriber({ PATTERN: 'stream', GROUP: 'new', GROUP_START: '$' });
    await publish(1, { PATTERN: 'stream', SENDER: 'again' });
    for (const service of [first, late, new_]) {
      await service.event('received', (line) => line.sender === 'again');
      expect(await service.stop()).toBe(0);
    }
    const received = [first, late, new_].map((service) => service.final('stream')?.received);
    expect(received).toEqual([101, 101, 1]);
  });

  test('what waits for a group that began in the middle of a stream is not known, and not called nothing', async () => {
    await publish(10, { PATTERN: 'stream' });
    const backlog = async () => (await stream.backlog(own.redis, 'message_stream', 'late')).waiting;
    await own.redis.xGroupCreate('message_stream', 'late', '$');
    await publish(10, { PATTERN: 'stream' });
    expect(await backlog()).toBeNull();
    await own.redis.xReadGroup('late', 'me', { key: 'message_stream', id: '>' });
    expect(await backlog()).toBe(0); // it has caught up
  });

  test('a stream or group that is deleted is made again', async () => {
    await using reader = await subscriber({ PATTERN: 'stream' });
    await own.redis.del('message_stream');
    await publish(5, { PATTERN: 'stream' });
    await reader.event('received', (line) => line.count === 5);
    // What is published before anybody can have noticed arrives all the same.
    await own.redis
      .multi()
      .xGroupDestroy('message_stream', 'subscribers')
      .xAdd('message_stream', '*', { payload: foreign(1, 'in between') })
      .exec();
    await publish(1, { PATTERN: 'stream', SENDER: 'again' });
    for (const sender of ['in between', 'again']) await reader.event('received', (line) => line.sender === sender);
    expect(await reader.stop()).toBe(0);
  });

  test('a long stream is trimmed, but not below what is not acknowledged', async () => {
    await own.redis.xGroupCreate('message_stream', 'slow', '0', { MKSTREAM: true });
    await using reader = await subscriber({ PATTERN: 'stream', STREAM_MAXLEN: 100, RECLAIM_AFTER: 0.2 });
    const count = 2100; // it trims up to 1,000 at a time, between reads, which wait up to 1 s
    await publish(count, { PATTERN: 'stream' });
    await reader.event('received', (line) => line.count === count);
    await own.redis.configResetStat();
    await until('it to have tried', async () => (await countOf(own.redis, 'eval')) >= 2);
    expect(await own.redis.xLen('message_stream')).toBe(count);
    await own.redis.xReadGroup('slow', 'somebody', { key: 'message_stream', id: '>' }, { COUNT: count });
    const [pending] = await own.redis.xPendingRange('message_stream', 'slow', '-', '+', 1);
    await own.redis.xGroupSetId('message_stream', 'slow', '$');
    await own.redis.xAck('message_stream', 'slow', String(pending?.id));
    await until('one to be trimmed', async () => (await own.redis.xLen('message_stream')) === count - 1);
    await own.redis.xGroupDestroy('message_stream', 'slow');
    await until('the trimming', async () => (await own.redis.xLen('message_stream')) <= 101);
  });

  test('a busy stream is trimmed as fast as it is read, however rarely others are looked after', async () => {
    await using reader = await subscriber({ PATTERN: 'stream', STREAM_MAXLEN: 100, RECLAIM_AFTER: 600 });
    await publish(4000, { PATTERN: 'stream' });
    await reader.event('received', (line) => line.count === 4000);
    await until('the trimming', async () => (await own.redis.xLen('message_stream')) <= 1100);
  });

  test('a failed handler gets its message again where it is kept, and nothing is lost', async () => {
    const names = patterns.filter(({ guarantees }) => guarantees.survivesCrash).map(({ name }) => name);
    const count = 100;
    await using reader = await subscriber({
      PATTERN: names.join(),
      FAIL_RATE: 0.3,
      RECLAIM_AFTER: 0.3,
      MAX_ATTEMPTS: 30,
    });
    await publish(count, { PATTERN: names.join() });
    const received = (name: string) => new Set(reader.events('received', name).map((line) => line.count)).size;
    await until('all messages', () => names.every((name) => received(name) === count), 40_000);
    expect(await reader.stop()).toBe(0);
    for (const name of names) {
      const final = reader.final(name);
      expect([name, final]).toMatchObject([name, { received: count, lost: 0, duplicated: 0, dead: 0 }]);
      expect(final.failed).toBeGreaterThan(10);
      const again = reader.events('received', name).filter((line) => line.attempt > 1);
      expect([name, final.redelivered]).toEqual([name, again.length]);
    }
  });

  test('what a handler fails with is lost where it is not kept, and counted', async () => {
    const names = patterns.filter(({ guarantees }) => !guarantees.survivesCrash).map(({ name }) => name);
    await using reader = await subscriber({ PATTERN: names.join(), FAIL_RATE: 1 });
    await publish(50, { PATTERN: names.join() });
    await until('the failures', () => names.every((name) => reader.events('failed', name).length === 50));
    await reader.stop();
    for (const name of names) {
      expect([name, reader.final(name)]).toMatchObject([name, { received: 0, failed: 50, lost: 50 }]);
    }
  });

  test('a handler that takes too long has failed; after the last attempt its message is among the dead', async () => {
    await using reader = await subscriber({
      PATTERN: 'reliable-queue',
      WORK_TIME: 5,
      HANDLER_TIMEOUT: 0.05,
      MAX_ATTEMPTS: 2,
    });
    await publish(1, { PATTERN: 'reliable-queue' });
    await until('the dead letter', async () => (await own.redis.lLen('{message_reliable_queue}:dead')) === 1);
    await reader.stop();
    expect(reader.events('failed').map((line) => [line.reason, line.fate])).toEqual([
      ['took longer than 0.05 s', 'again'],
      ['took longer than 0.05 s', 'dead'],
    ]);
    expect(reader.final('reliable-queue')).toMatchObject({ received: 0, failed: 2, dead: 1 });
  });

  test('two subscribers share the queue and each hear the channel', async () => {
    await using one = await subscriber({ WORK_TIME: 0.001 });
    await using two = await subscriber({ WORK_TIME: 0.001 });
    await using writer = startService('publisher', { ...base(), PUBLISH_INTERVAL: 0.002 });
    for (const service of [one, two])
      await until('a share of the queue', () => service.events('received', 'queue').length > 30);
    expect(await writer.stop()).toBe(0);
    const count = writer.final('queue').accepted;
    await until('an empty queue', async () => (await own.redis.lLen('message_queue')) === 0);
    for (const service of [one, two]) {
      await service.event('received', (line) => line.pattern === 'pubsub' && line.count === count);
      expect(await service.stop()).toBe(0);
    }
    const shares = [one.final('queue'), two.final('queue')];
    expect(shares.map((share) => share.received).reduce((sum, share) => sum + share)).toBe(count);
    for (const share of shares) expect(share).toMatchObject({ lost: 0, duplicated: 0 });
    for (const service of [one, two])
      expect(service.final('pubsub')).toMatchObject({ received: count, lost: 0, elsewhere: 0 });
  });

  test('what was published before the subscriber came is not in its account of Pub/Sub, and waits in the queue', async () => {
    await using writer = startService('publisher', { ...base(), PUBLISH_INTERVAL: 0.02 });
    await writer.event('published', (line) => line.count === 10);
    await using reader = await subscriber();
    await reader.event('received', (line) => line.pattern === 'pubsub' && line.received === 5);
    await writer.stop();
    await until('an empty queue', async () => (await own.redis.lLen('message_queue')) === 0);
    await reader.stop();
    const { accepted } = writer.final('queue');
    const { noSubscribers } = writer.final('pubsub');
    expect(noSubscribers).toBeGreaterThanOrEqual(10);
    const heard = accepted - noSubscribers;
    expect(reader.final('pubsub')).toMatchObject({ accepted: heard, handled: heard, lost: 0, unexplained: 0 });
    expect(reader.final('queue')).toMatchObject({ accepted, handled: accepted, lost: 0, unexplained: 0 });
  });

  test('a publisher that starts again is a new run, not a heap of duplicates', async () => {
    await using reader = await subscriber();
    await publish(10);
    await publish(10);
    await reader.event('received', (line) => line.pattern === 'queue' && line.received === 20);
    await reader.stop();
    for (const pattern of ['pubsub', 'queue']) {
      expect(reader.final(pattern)).toMatchObject({ accepted: 20, received: 20, duplicated: 0, lost: 0 });
    }
  });

  test('messages of others are accepted, duplicates among them noticed', async () => {
    await using reader = await subscriber();
    const twice = foreign(2);
    for (const payload of [foreign(1), twice, twice, foreign(3)]) {
      await own.redis.publish('messages', payload);
      await own.redis.rPush('message_queue', payload);
    }
    await reader.event('received', (line) => line.pattern === 'queue' && line.count === 3);
    await reader.event('received', (line) => line.pattern === 'pubsub' && line.count === 3);
    await reader.stop();
    for (const pattern of ['pubsub', 'queue']) {
      expect(reader.final(pattern)).toMatchObject({ received: 3, duplicated: 1, invalid: 0, lost: 0 });
    }
  });

  test('a dead letter that Redis refuses is kept until Redis takes it', async () => {
    await own.redis.set('{message_queue}:dead', 'not a list');
    await using reader = await subscriber({ PATTERN: 'queue' });
    await own.redis.rPush('message_queue', ['not a message', foreign(1), 'nor is this']);
    await reader.event('received');
    await reader.event('refused');
    await own.redis.del('{message_queue}:dead');
    await until('the dead letters', async () => (await own.redis.lLen('{message_queue}:dead')) === 2);
    const letters = await allDeadLetters(own.redis, queue, 'message_queue');
    expect(letters.map(({ payload }) => payload.toString()).sort()).toEqual(['nor is this', 'not a message']);
    expect(reader.events('refused')).toHaveLength(1);
    expect(await reader.stop()).toBe(0);
    expect(reader.events('undeliverable')).toEqual([]);
  });

  test('a dead letter that Redis refuses until the end is in the log, so that nobody has lost it', async () => {
    await own.redis.set('{message_queue}:dead', 'not a list');
    await using reader = await subscriber({ PATTERN: 'queue' });
    await own.redis.rPush('message_queue', 'not a message');
    await reader.event('refused');
    expect(await reader.stop()).toBe(0);
    expect(reader.events('undeliverable')[0]?.msg).toContain(Buffer.from('not a message').toString('base64'));
  });

  test('a queue that is not a list is an error that is said once, and mended by mending the key', async () => {
    await own.redis.set('message_queue', 'text');
    await own.redis.configResetStat();
    await using reader = startService('subscriber', base());
    await using writer = startService('publisher', { ...base(), PUBLISH_INTERVAL: 0.05, MESSAGE_COUNT: 30 });
    await reader.event('refused', (line) => line.reason.includes('WRONGTYPE'));
    await writer.event('refused', (line) => line.reason.includes('WRONGTYPE'));
    await until('more attempts', async () => (await countOf(own.redis, 'rpush', 'failed_calls')) >= 5);
    await own.redis.del('message_queue');
    expect(await writer.exited).toBe(0);
    await until('an empty queue', async () => (await own.redis.lLen('message_queue')) === 0);
    await reader.event('received', (line) => line.pattern === 'queue' && line.count === 30);
    await reader.event('ready');
    await reader.stop();
    for (const service of [reader, writer]) expect(service.events('refused')).toHaveLength(1);
    expect(reader.events('ready')).toHaveLength(1);
    expect(writer.final('queue')).toMatchObject({ accepted: 30, refused: 0, unconfirmed: 0 });
    expect(reader.final('queue')).toMatchObject({ received: 30, lost: 0, duplicated: 0 });
  });

  test('pretty lines can be read', async () => {
    await using reader = startService('subscriber', { ...base(), LOG_FORMAT: 'pretty', STATS_INTERVAL: 0.5 });
    await until('the subscriber', () => reader.text.some((line) => line.endsWith('Ready')));
    await using writer = startService('publisher', { ...base(), LOG_FORMAT: 'pretty', MESSAGE_COUNT: 1 });
    await writer.exited;
    await until('the message', () => reader.text.filter((line) => line.includes('Hello')).length === 2);
    const header = /^ +pattern +made +accepted +handled +received p50 +p99 +handled p50 +p99$/;
    await until('a table', () => reader.text.some((line) => header.test(line)));
    await reader.stop();
    const time = String.raw`^\d\d:\d\d:\d\d\.\d{3}`;
    const one = (lines: readonly string[], pattern: string) =>
      expect(lines.filter((line) => RegExp(pattern).test(line))).toHaveLength(1);
    one(writer.text, `${time} Published to channel 'messages' \\(1 subscriber\\): Hello from TypeScript #1$`);
    one(writer.text, `${time} Pushed to queue 'message_queue' \\(length 1\\): Hello from TypeScript #1$`);
    one(
      reader.text,
      `${time} \\[typescript-publisher\\] Hello from TypeScript #1 \\(ID [\\da-f]{8}\\) \\[pubsub #1, [\\d.,]+ ms\\]$`,
    );
    one(
      reader.text,
      `${time} \\[typescript-publisher\\] Hello from TypeScript #1 \\(ID [\\da-f]{8}\\) \\[queue #1, [\\d.,]+ ms\\]$`,
    );
  });
});
