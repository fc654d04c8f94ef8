import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Environment } from '../../local/process/environment.ts';
import { freePort, type RedisServer } from '../../local/redis/redis-server.ts';
import { until } from '../../testkit/until.ts';
import { connectTo, startRedis } from '../support/redis.ts';
import { startService } from '../support/start-service.ts';

const NAMES = ['publisher', 'subscriber'] as const;

let server: RedisServer;
let health: number;

beforeEach(async () => {
  server = await startRedis();
  health = await freePort();
});
afterEach(async () => {
  await server.stop();
});

const get = async (path: string, port = health) => await fetch(`http://127.0.0.1:${port}${path}`);
const status = async (path: string, port = health) => (await get(path, port).catch(() => undefined))?.status;
const metrics = async (port = health) => await (await get('/metrics', port)).text();

/** Starts both services, each with its port of health. */
async function startBoth(settings: Environment = {}) {
  const env = { ...settings, REDIS_PORT: server.port };
  return await Promise.all(
    NAMES.map(async (name) => {
      const port = await freePort();
      const service = startService(name, { ...env, HEALTH_PORT: port });
      return {
        service,
        port,
        /** Waits until `/readyz` answers so. */
        answers: (code: number) =>
          until(`${code} of the ${name}`, async () => (await status('/readyz', port)) === code),
      };
    }),
  );
}

describe('health of the publisher and of the subscriber', () => {
  test('is live always, ready while Redis answers, and while it is not away or standing still', async () => {
    const both = await startBoth();
    const allAnswer = (code: number) => Promise.all(both.map(({ answers }) => answers(code)));
    await allAnswer(200);
    for (const { port } of both) {
      expect(await status('/livez', port)).toBe(200);
      expect(await status('/nothing', port)).toBe(404);
    }
    await server.stop();
    await allAnswer(503);
    for (const { port } of both) expect(await status('/livez', port)).toBe(200);
    server = await startRedis({ port: server.port });
    await allAnswer(200);
    for (const { port } of both) expect(await metrics(port)).toMatch(/^redis_messaging_reconnects_total 1$/m);

    process.kill(server.pid, 'SIGSTOP'); // it takes connections, but does not answer
    try {
      await allAnswer(503);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await allAnswer(200);
    for (const { service } of both) expect(await service.stop()).toBe(0);
  });

  test('is not ready while Redis holds back all writes, although it answers everything else', async () => {
    await using admin = await connectTo(server.port);
    const both = await startBoth({ PATTERN: 'queue,reliable-queue,stream' });
    const allAnswer = (code: number) => Promise.all(both.map(({ answers }) => answers(code)));
    await allAnswer(200);
    await admin.client.sendCommand(['CLIENT', 'PAUSE', '60000', 'WRITE']);
    await sleep(6000);
    await allAnswer(503);
    // The connections on which nothing is answered are made anew meanwhile: that proves nothing.
    for (let look = 0; look < 20; look++) {
      for (const { port } of both) expect(await status('/readyz', port)).toBe(503);
      await sleep(200);
    }
    await admin.client.sendCommand(['CLIENT', 'UNPAUSE']);
    await allAnswer(200);
  });

  test('of a publisher: is not ready while Redis refuses what it sends', async () => {
    await using admin = await connectTo(server.port);
    await using _ = startService('publisher', { REDIS_PORT: server.port, PATTERN: 'queue', HEALTH_PORT: health });
    const answers = (code: number) => until(`${code}`, async () => (await status('/readyz')) === code);
    await answers(200);
    await admin.client.rename('message_queue', 'aside');
    await admin.client.set('message_queue', 'no list');
    await answers(503);
    await admin.client.del('message_queue');
    await answers(200);
  });

  test.each(NAMES)('a taken port is one clear error of the %s', async (name) => {
    await using taken = createServer().listen(health, '127.0.0.1');
    await once(taken, 'listening');
    await using second = startService(name, { REDIS_PORT: server.port, HEALTH_PORT: health });
    expect(await second.exited).toBe(1);
    expect(second.events('fatal')[0]?.msg).toContain(`HEALTH_PORT ${health}: the port is taken`);
  });
});

describe('metrics', () => {
  test('tell by pattern what was received, lost, duplicated and invalid, how long it took, and what waits', async () => {
    await using reader = startService('subscriber', { REDIS_PORT: server.port, HEALTH_PORT: health });
    await reader.event('ready');
    await using writer = startService('publisher', {
      REDIS_PORT: server.port,
      MESSAGE_COUNT: 7,
      PUBLISH_INTERVAL: 0,
    });
    await writer.exited;
    await reader.event('received', (line) => line.pattern === 'pubsub' && line.count === 7);
    await reader.event('received', (line) => line.pattern === 'queue' && line.count === 7);
    await metrics();
    const text = await metrics(); // a second scrape tells the same, not twice as much
    for (const pattern of ['pubsub', 'queue']) {
      for (const line of [
        `redis_messaging_published_total{pattern="${pattern}"} 7`,
        `redis_messaging_received_total{pattern="${pattern}"} 7`,
        `redis_messaging_duplicated_total{pattern="${pattern}"} 0`,
        `redis_messaging_invalid_total{pattern="${pattern}"} 0`,
        `redis_messaging_lost{pattern="${pattern}"} 0`,
        `redis_messaging_backlog{pattern="${pattern}"} 0`,
        `redis_messaging_latency_seconds_count{pattern="${pattern}"} 7`,
      ]) {
        expect(text.split('\n')).toContain(line);
      }
    }
    expect(text).toContain('process_resident_memory_bytes');
    await reader.stop();
  });
});
