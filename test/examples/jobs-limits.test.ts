import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { io, type Socket } from 'socket.io-client';
import type { ToBrowser } from '../../examples/jobs/api/live.ts';
import { isForUs } from '../../examples/jobs/api/origin.ts';
import { type JobView, QUEUE } from '../../examples/jobs/queue.ts';
import { System } from '../../examples/jobs/system.ts';
import { newCookie } from '../../examples/jobs/visitor.ts';
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
    system = await System.start({ redisUrl, prefix, say() {} }); // without a worker: nothing gets done
  }, 60_000);
  afterAll(async () => {
    await system?.[Symbol.asyncDispose]();
  });

  /** Sends what a browser would not: any Host, any Origin. */
  async function send(path: string, headers: OutgoingHttpHeaders, body?: string): Promise<IncomingMessage> {
    const call = request(`${system.url}${path}`, { method: body === undefined ? 'GET' : 'POST', headers });
    call.end(body);
    const [answer] = await once(call, 'response');
    return answer.resume();
  }

  /** Somebody's session, as headers. */
  async function session(): Promise<{ cookie: string; origin: string }> {
    return { cookie: await newCookie(system.url), origin: system.url };
  }

  async function upload(headers: OutgoingHttpHeaders, body: unknown = VIDEO): Promise<number | undefined> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return (await send('/upload', { 'Content-Type': 'application/json', ...headers }, text)).statusCode;
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

  test("an upload from our page, and nobody else's", async () => {
    const { cookie, origin } = await session();
    expect(await upload({ cookie, origin })).toBe(202);
    expect(await upload({ cookie, origin: 'http://evil.example' })).toBe(403);
    expect(await upload({ cookie })).toBe(403);
    expect(await upload({ origin })).toBe(401);
    expect(await upload({ origin, cookie: 'jobs_session=guessed' })).toBe(401);
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

  test('20 unfinished videos of one user, who may not send more; others may', async () => {
    const ann = await session();
    for (let i = 0; i < 20; i++) expect(await upload(ann)).toBe(202);
    expect(await upload(ann)).toBe(429);
    expect(await upload(await session())).toBe(202);
  });

  test('1,000 waiting videos of all', async () => {
    const queue = new Queue(QUEUE, { connection: { url: redisUrl }, prefix });
    await queue.addBulk(Array.from({ length: 1000 }, () => ({ name: 'encode', data: { ...VIDEO, user: 'many' } })));
    await queue.close();
    expect(await upload(await session())).toBe(503);
  });

  test('a browser is told everything again when the subscription is back: three times, before the clock would do it once', async () => {
    const { cookie, origin } = await session();
    const socket = dial({ cookie, origin });
    const told: (readonly JobView[])[] = [];
    socket.on('jobs', ({ jobs }) => told.push(jobs));
    await until('the first state', () => told.length > 0);
    for (let round = 2; round <= 4; round++) {
      expect(await given.redis.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])).toBe(2);
      await until('all jobs again', () => told.length >= round, 3000);
    }
    socket.disconnect();
  });
});
