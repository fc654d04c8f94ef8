import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { freePort, type RedisServer } from '../../local/redis/redis-server.ts';
import { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { startRedis } from '../support/redis.ts';

let server: RedisServer;
let health: number;

beforeEach(async () => {
  server = await startRedis();
  health = await freePort();
});
afterEach(async () => {
  await server.stop();
});

const status = async (path: string) =>
  (await fetch(`http://127.0.0.1:${health}${path}`).catch(() => undefined))?.status;
const metrics = async () => await (await fetch(`http://127.0.0.1:${health}/metrics`)).text();

describe.each(['publisher', 'subscriber'] as const)('health of the %s', (name) => {
  test('is live always, ready while Redis answers', async () => {
    const { port } = server;
    await using service = new ServiceProcess(name, { REDIS_PORT: port, HEALTH_PORT: health });
    await until('ready', async () => (await status('/readyz')) === 200);
    expect(await status('/livez')).toBe(200);
    expect(await status('/nothing')).toBe(404);
    await server.stop();
    await until('not ready', async () => (await status('/readyz')) === 503);
    expect(await status('/livez')).toBe(200);
    server = await startRedis({ port });
    await until('ready again', async () => (await status('/readyz')) === 200);
    expect(await metrics()).toMatch(/^redis_messaging_reconnects_total 1$/m);
    expect(await service.stop()).toBe(0);
  });

  test('is not ready while Redis takes connections but does not answer', async () => {
    await using service = new ServiceProcess(name, { REDIS_PORT: server.port, HEALTH_PORT: health });
    await until('ready', async () => (await status('/readyz')) === 200);
    process.kill(server.pid, 'SIGSTOP');
    try {
      await until('not ready', async () => (await status('/readyz')) === 503);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await until('ready again', async () => (await status('/readyz')) === 200);
    expect(await service.stop()).toBe(0);
  });

  test('a taken port is one clear error', async () => {
    await using first = new ServiceProcess(name, { REDIS_PORT: server.port, HEALTH_PORT: health });
    await first.event('ready');
    await using second = new ServiceProcess(name, { REDIS_PORT: server.port, HEALTH_PORT: health });
    expect(await second.exited).toBe(1);
    expect(second.events('fatal')[0]?.msg).toContain(`HEALTH_PORT ${health}: the port is taken`);
  });
});

describe('metrics', () => {
  test('tell by pattern what was received, lost, duplicated and invalid, how long it took, and what waits', async () => {
    await using reader = new ServiceProcess('subscriber', { REDIS_PORT: server.port, HEALTH_PORT: health });
    await reader.event('ready');
    await using writer = new ServiceProcess('publisher', {
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
