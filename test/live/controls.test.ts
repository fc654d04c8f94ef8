import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Action, CONTROLS_CHANNEL, SCHEMA } from '@redis-messaging/shared/live/protocol';
import { until } from '../../testkit/until.ts';
import { LivePage } from '../support/live-page.ts';
import { readyService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const base = () => ({ REDIS_PORT: own.server.port, PATTERN: 'queue,stream', LIVE: 'on', LOG_LEVEL: 'debug' });
const NEVER = 3600;

afterEach(async () => {
  await own.redis.flushAll();
});

/** The number once it stays as it is: what was made before has its line in the log by then. */
async function settled(number: () => number): Promise<number> {
  while (true) {
    const before = number();
    await sleep(300);
    if (number() === before) return before;
  }
}

describe('controls', () => {
  test('a publisher makes what they say, and says how it is set', async () => {
    await using page = await LivePage.open(own.server.port);
    await using writer = await readyService('publisher', { ...base(), PUBLISH_INTERVAL: NEVER });
    const published = () => writer.events('published', 'queue').length;
    await until('the first', () => published() === 1);
    await page.look();

    expect(await page.control('publisher', 'burst', 700)).toMatchObject({ ok: true, reason: '', do: 'burst' });
    await until('a burst', () => published() === 701);
    await page.control('publisher', 'step');
    await until('a step', () => published() === 702);
    await page.snapshot('publisher', ({ settings }) => 'isPaused' in settings && settings.isPaused);
    await page.control('publisher', 'interval', 0.01);
    await sleep(100);
    expect(published()).toBe(702); // it is paused
    await page.control('publisher', 'resume');
    await until('many', () => published() > 720);
    await page.control('publisher', 'pace', 0.1);
    await page.snapshot(
      'publisher',
      ({ settings }) => 'interval' in settings && settings.pace === 0.1 && settings.interval === 0.01,
    );
    await page.control('publisher', 'pause');
    const paused = await settled(published);

    const text = '<img src=x onerror=alert(1)> 👩‍💻';
    await page.control('publisher', 'send', text);
    await until('it', () => writer.events('published', 'stream').some(({ msg }) => msg.includes(text)));
    const { message, count } = JSON.parse((await own.redis.lIndex('message_queue', -1)) as string);
    expect([message, count]).toEqual([text, paused + 1]);

    const length = await own.redis.lLen('message_queue');
    expect(await page.control('publisher', 'sendBroken', '{ broken')).toMatchObject({ ok: true });
    await until('it', async () => (await own.redis.lLen('message_queue')) === length + 1);
    expect(await own.redis.lIndex('message_queue', -1)).toBe('{ broken');
    const whole = (await own.redis.lIndex('message_queue', -2)) as string;
    expect(await page.control('publisher', 'sendBroken', whole)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('is a message'),
    });
    expect(await writer.stop()).toBe(0);
    expect(writer.final('queue')).toMatchObject({ made: paused + 1, accepted: paused + 1 });
  });

  test('a subscriber works as they say', async () => {
    await using page = await LivePage.open(own.server.port);
    await using reader = await readyService('subscriber', { ...base(), CONSUMER: 'first', MAX_ATTEMPTS: 1 });
    await using writer = await readyService('publisher', { ...base(), PUBLISH_INTERVAL: NEVER });
    const { instance } = await (async () => {
      await page.look();
      return await page.snapshot('subscriber');
    })();
    await reader.event('received', ({ pattern }) => pattern === 'stream');
    const received = () => reader.events('received', 'stream').length;

    await page.control('subscriber', 'workTime', 1, instance);
    await page.control('publisher', 'burst', 20);
    await page.snapshot(
      'subscriber',
      ({ patterns: { stream } }) => (stream?.waiting ?? 0) + (stream?.inFlight ?? 0) > 10,
    );
    expect(received()).toBeLessThan(10);
    await page.control('subscriber', 'pace', 0.5);
    await page.control('subscriber', 'concurrency', 100);
    await until('all', () => received() === 21);
    await page.snapshot(
      'subscriber',
      ({ settings }) =>
        'workTime' in settings && settings.workTime === 1 && settings.pace === 0.5 && settings.concurrency === 100,
    );

    await page.control('subscriber', 'workTime', 0);
    await page.control('subscriber', 'failRate', 1);
    await page.control('publisher', 'burst', 5);
    await until('five failures', () => reader.events('failed', 'stream').length === 5);
    await page.control('subscriber', 'failRate', 0);
    await page.control('publisher', 'burst', 5);
    await until('five more', () => received() === 26);
    expect(await writer.stop()).toBe(0);
    expect(await reader.stop()).toBe(0);
    expect(reader.final('stream')).toMatchObject({ accepted: 31, handled: 26, dead: 5, unexplained: 0 });
  });

  test('what has a HANDLER of its own does not simulate work', async () => {
    await using page = await LivePage.open(own.server.port);
    const HANDLER = 'test/support/crashing-handler.mjs';
    await using _ = await readyService('subscriber', { ...base(), HANDLER });
    await page.look();
    await page.snapshot('subscriber', ({ settings }) => 'workTime' in settings && settings.workTime === null);
    expect(await page.control('subscriber', 'workTime', 1)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('HANDLER'),
    });
    expect(await page.control('subscriber', 'concurrency', 5)).toMatchObject({ ok: true });
  });

  test('one of several subscribers ends itself, as if it were killed', async () => {
    await using page = await LivePage.open(own.server.port);
    await using first = await readyService('subscriber', { ...base(), CONSUMER: 'first' });
    await using second = await readyService('subscriber', { ...base(), CONSUMER: 'second' });
    await page.look();
    const { instance } = await page.snapshot('subscriber', ({ name }) => name === 'second');
    await page.control('subscriber', 'die', undefined, instance);
    expect(await second.exited).toBe('SIGKILL');
    expect(first.isRunning).toBe(true);
  });

  const to = { service: 'publisher' };
  const control = (action: Action | 'x', value?: unknown, rest: object = {}) => ({
    kind: 'control',
    v: SCHEMA,
    id: 'x',
    to,
    do: action,
    value,
    ...rest,
  });
  const toSubscriber = { to: { service: 'subscriber' } };
  test('what is out of range, or no control, changes nothing', async () => {
    await using page = await LivePage.open(own.server.port);
    await using writer = await readyService('publisher', { ...base(), PUBLISH_INTERVAL: NEVER });
    await using reader = await readyService('subscriber', { ...base(), CONSUMER: 'first' });
    await page.look();
    const settings = {
      publisher: (await page.snapshot('publisher')).settings,
      subscriber: (await page.snapshot('subscriber')).settings,
    };
    const hostile: unknown[] = [
      '',
      'null',
      '[]',
      '{',
      '"control"',
      '['.repeat(4000),
      `{"kind":"control","pad":"${'x'.repeat(100_000)}"}`,
      control('interval', 0),
      control('interval', 0.0001),
      control('interval', 5.1),
      control('interval', '1'),
      control('interval', null),
      control('interval'),
      control('burst', 0),
      control('burst', 1.5),
      control('burst', 10_001),
      control('burst', -1),
      control('pace', 0.05),
      control('pace', 1.1),
      control('pause', 1),
      control('step', 3),
      control('send', ''),
      control('send', 'x'.repeat(1001)),
      control('send', 7),
      control('sendBroken', { toString: 'x' }),
      control('workTime', 1),
      control('x', 1),
      control('die', 1),
      control('die', undefined, { to: { service: 'redis' } }),
      control('die', undefined, { to: { service: 'publisher', instance: 'another' } }),
      control('die', undefined, { to: { service: 'publisher', instance: { $ne: '' } } }),
      control('die', undefined, { to: ['publisher'] }),
      control('pause', undefined, { v: SCHEMA + 1 }),
      control('pause', undefined, { id: 'a b' }),
      control('pause', undefined, { id: '' }),
      control('pause', undefined, { kind: 'watching' }),
      control('workTime', -1, toSubscriber),
      control('workTime', 61, toSubscriber),
      control('failRate', 2, toSubscriber),
      control('concurrency', 0, toSubscriber),
      control('concurrency', 101, toSubscriber),
      control('concurrency', 2.5, toSubscriber),
      control('constructor' as 'x', 1, toSubscriber),
      control('__proto__' as 'x', 1, toSubscriber),
    ];
    for (const each of hostile) expect(await page.send(each)).toBe(2);
    const { length } = page.announcements;
    await until('further snapshots', () => page.announcements.length > length + 4);
    expect(page.snapshots('publisher').at(-1)?.settings).toEqual(settings.publisher);
    expect(page.snapshots('subscriber').at(-1)?.settings).toEqual(settings.subscriber);
    expect(page.announcements.filter(({ kind }) => kind === 'done')).toEqual([]);
    expect(writer.events('published', 'queue')).toHaveLength(1);
    expect([await writer.stop(), await reader.stop()]).toEqual([0, 0]);
  });

  test('DASHBOARD_CONTROLS=off: nobody hears them', async () => {
    await using page = await LivePage.open(own.server.port);
    await using _ = await readyService('publisher', { ...base(), PUBLISH_INTERVAL: NEVER, DASHBOARD_CONTROLS: 'off' });
    await page.look();
    expect((await page.snapshot('publisher')).takesControls).toBe(false);
    expect(Object.values(await own.redis.pubSubNumSub([CONTROLS_CHANNEL]))).toEqual([0]);
  });
});
