import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import { CATCH_UP_EVERY_MS, type ToBrowser } from '../../examples/jobs/api/live.ts';
import { isForUs } from '../../examples/jobs/api/origin.ts';
import { JobQueue, type JobView } from '../../examples/jobs/queue.ts';
import { System } from '../../examples/jobs/system.ts';
import { newCookie, Visitor } from '../../examples/jobs/visitor.ts';
import { until } from '../../testkit/until.ts';
import { useRedis } from '../support/use-redis.ts';

const VIDEO = { name: 'a.mp4', size: 1 };

describe('what the API of the example jobs accepts', () => {
  const given = useRedis();
  let system: System;
  let redisUrl: string;
  const prefix = `test:${randomUUID()}`;

  beforeAll(async () => {
    redisUrl = `redis://127.0.0.1:${given.server.port}`;
    system = await System.start({ redisUrl, prefix, say() {} });
  }, 60_000);
  afterAll(async () => {
    await system?.[Symbol.asyncDispose]();
  });

  /** Sends what a browser would not: any Host, any Origin. @param from an address of this machine */
  async function send(
    path: string,
    headers: OutgoingHttpHeaders,
    body?: string,
    from?: string,
  ): Promise<IncomingMessage> {
    const method = body === undefined ? 'GET' : 'POST';
    const call = request(`${system.url}${path}`, { method, headers, ...(from && { localAddress: from }) });
    call.end(body);
    const [answer] = await once(call, 'response');
    return answer.resume();
  }

  /** Somebody's session, as headers. */
  async function session(): Promise<{ cookie: string; origin: string }> {
    return { cookie: await newCookie(system.url), origin: system.url };
  }

  async function upload(
    headers: OutgoingHttpHeaders,
    body: unknown = VIDEO,
    from?: string,
  ): Promise<number | undefined> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return (await send('/upload', { 'Content-Type': 'application/json', ...headers }, text, from)).statusCode;
  }

  /** How many of such uploads at the same time are accepted. */
  async function accepted(count: number, headers: OutgoingHttpHeaders, from?: string): Promise<number> {
    const codes = await Promise.all(Array.from({ length: count }, () => upload(headers, VIDEO, from)));
    expect(codes.filter((code) => code !== 202 && code !== 429)).toEqual([]);
    return codes.filter((code) => code === 202).length;
  }

  function dial(headers: Record<string, string>): Socket<ToBrowser> {
    return io(system.url, { transports: ['websocket'], forceNew: true, reconnection: false, extraHeaders: headers });
  }

  /** Whether a WebSocket is let in. */
  async function letsIn(headers: Record<string, string>): Promise<boolean> {
    const socket = dial(headers);
    try {
      return await new Promise((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('connect_error', () => resolve(false));
      });
    } finally {
      socket.disconnect();
    }
  }

  test('a video that is tried again keeps its place', async () => {
    using ann = await Visitor.arrive(system.url);
    await ann.open();
    const worker = await system.startWorker();
    await ann.upload('flaky.mp4');
    await ann.sees('flaky.mp4', ({ state }) => state === 'retrying');
    expect(await given.redis.zCard(`${prefix}:unfinished:all`)).toBe(1);
    worker.process.kill('SIGKILL'); // nothing gets done from now on
    await worker.ended;
  });

  test("an upload from our page, and nobody else's", async () => {
    const { cookie, origin } = await session();
    expect(await upload({ cookie, origin })).toBe(202);
    expect(await upload({ cookie, origin: 'http://evil.example' })).toBe(403);
    expect(await upload({ cookie })).toBe(403);
    expect(await upload({ origin })).toBe(401);
  });

  test('a session that this server has given, and no invented one', async () => {
    const { cookie, origin } = await session();
    const [, id, signature] = /^jobs_session=(.{32})\.(.{43})$/.exec(cookie) as unknown as [string, string, string];
    const [, another] = /=(.{32})/.exec((await session()).cookie) as unknown as [string, string];
    for (const invented of [
      'guessed',
      id,
      `${another}.${signature}`,
      `${id}.${'A'.repeat(43)}`,
      `${randomBytes(24).toString('base64url')}.${randomBytes(32).toString('base64url')}`,
    ]) {
      expect(await upload({ origin, cookie: `jobs_session=${invented}` })).toBe(401);
      expect(await letsIn({ origin, cookie: `jobs_session=${invented}` })).toBe(false);
    }
    expect(await upload({ cookie, origin })).toBe(202);
  });

  test("a WebSocket from our page, and nobody else's", async () => {
    const { cookie, origin } = await session();
    expect(await letsIn({ cookie, origin })).toBe(true);
    expect(await letsIn({ cookie, origin: 'http://evil.example' })).toBe(false);
    expect(await letsIn({ cookie })).toBe(false);
    expect(await letsIn({ origin })).toBe(false);
  });

  test("only its own name: a stranger's that leads here is refused with all that it asks for", async () => {
    const { cookie } = await session();
    const stranger = { cookie, host: 'evil.example', origin: 'http://evil.example' };
    expect((await send('/', stranger)).statusCode).toBe(421);
    expect(await upload(stranger)).toBe(421);
    expect(await letsIn(stranger)).toBe(false);
  });

  test.each([
    ['localhost:3000', true],
    ['127.0.0.1', true],
    ['[::1]:3000', true],
    ['jobs.example.org', false],
    ['127.0.0.1.evil.example', false],
    ['evil.example@127.0.0.1:x', false],
    [undefined, false],
  ])('a request for the host %s is for us: %s', (host, forUs) => {
    expect(isForUs({ headers: { host } } as IncomingMessage)).toBe(forUs);
  });

  test.each([
    ['no JSON', '{"name":', 400],
    ['no object', '[]', 400],
    ['no name', { size: 1 }, 400],
    ['an empty name', { name: '  ', size: 1 }, 400],
    ['a name that is too long', { name: 'x'.repeat(201), size: 1 }, 400],
    ['a size that is none', { name: 'a.mp4', size: -1 }, 400],
    ['more than 4 kB', { name: 'a.mp4', size: 1, more: 'x'.repeat(5000) }, 413],
  ])('%s is refused', async (_, body, status) => {
    expect(await upload(await session(), body)).toBe(status);
  });

  test('20 unfinished videos of one user, also of those that come at the same time; others may send more', async () => {
    const ann = await session();
    expect(await accepted(60, ann)).toBe(20);
    expect(await upload(ann)).toBe(429);
    expect(await upload(await session())).toBe(202);
  });

  test('100 unfinished videos from one address, however many users it has; others may send more', async () => {
    const users = await Promise.all(Array.from({ length: 6 }, session));
    const all = await Promise.all(users.map((user) => accepted(20, user, '127.0.0.2')));
    expect(all.reduce((sum, count) => sum + count)).toBe(100);
    expect(await upload(await session())).toBe(202);
  });

  test('some hundred requests of an address at once; one that names another address in a header is none the better for it', async () => {
    let made = 0;
    const next = async (from: string) =>
      (
        await send(
          '/',
          { 'X-Forwarded-For': `203.0.113.${made++ % 250}`, Forwarded: 'for=203.0.113.1' },
          undefined,
          from,
        )
      ).statusCode;
    while (made < 2000 && (await next('127.0.0.3')) === 200);
    expect(made).toBeGreaterThan(100);
    expect(made).toBeLessThan(2000);
    expect(await next('127.0.0.4')).toBe(200);
  });

  test('1,000 unfinished videos of all', async () => {
    const jobs = new JobQueue(given.redis, prefix);
    const others = Array.from({ length: 1000 }, (_, index) => ({ user: `user-${index}`, address: `address-${index}` }));
    const added = await Promise.all(others.map((uploader) => jobs.add(uploader, VIDEO)));
    expect(added).toContainEqual({ full: 'all' });
    expect(await given.redis.zCard(`${prefix}:unfinished:all`)).toBe(1000);
    expect(await upload(await session())).toBe(503);
    await jobs.close();
  });

  test('a video that is done, or has failed for good, gives its place back', async () => {
    const own = { redisUrl, prefix: `test:${randomUUID()}`, seconds: 0.01, say() {} };
    await using working = await System.start(own);
    using ann = await Visitor.arrive(working.url);
    await ann.open();
    for (let index = 0; index < 20; index++) await ann.upload(index < 18 ? `${index}.mp4` : `corrupt ${index}.mp4`);
    expect(await ann.upload('more.mp4')).toBe(429);
    await working.startWorker();
    await until('all to be finished', () => ann.jobs.every(({ state }) => state === 'done' || state === 'failed'));
    expect(ann.jobs.filter(({ state }) => state === 'failed')).toHaveLength(2);
    await until(
      'no places to be taken',
      async () => (await given.redis.keys(`${own.prefix}:unfinished:*`)).length === 0,
    );
    expect(await ann.upload('more.mp4')).toBe(202);
  });

  test('a browser is told everything again when the subscription is back: three times, before the clock would do it once', async () => {
    const { cookie, origin } = await session();
    const socket = dial({ cookie, origin });
    const told: (readonly JobView[])[] = [];
    socket.on('jobs', ({ jobs }) => told.push(jobs));
    await until('the first state', () => told.length > 0);
    const begun = performance.now();
    for (let round = 2; round <= 4; round++) {
      await until('both to listen', async () => (await given.redis.clientList({ TYPE: 'PUBSUB' })).length === 2);
      expect(await given.redis.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])).toBe(2);
      await until('all jobs again', () => told.length >= round);
    }
    expect(performance.now() - begun).toBeLessThan(2 * CATCH_UP_EVERY_MS);
    socket.disconnect();
  });
});
