import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Environment } from '../../local/process/environment.ts';
import { ROOT } from '../../local/process/node-command.ts';
import { freePort, type RedisServer } from '../../local/redis/redis-server.ts';
import { until } from '../../testkit/until.ts';
import { connectTo, startRedis } from '../support/redis.ts';
import { readyService, startService } from '../support/start-service.ts';

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

/** Sends bytes, and resolves with what comes back until the connection is closed. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(health, '127.0.0.1', () => socket.write(bytes)).setEncoding('utf8');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => {}); // it is closed then
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

/** The status of the answer to a request by that name. */
async function statusFor(host: string, path = '/metrics'): Promise<number> {
  const answer = await exchange(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return Number(answer.split(' ')[1]);
}

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
    await until('the first message', async () => (await admin.client.exists('message_queue')) === 1);
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

describe('a health server that is asked by others', () => {
  const HALF = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ';

  test('closes requests that are never sent to their end, and answers again', async () => {
    await using service = await readyService('subscriber', { REDIS_PORT: server.port, HEALTH_PORT: health });
    const answers = await Promise.all(Array.from({ length: 2000 }, (_, index) => exchange(index % 2 ? HALF : '')));
    // At a limit of 100 the others are closed at once, without an answer.
    const timedOut = answers.filter((answer) => answer.startsWith('HTTP/1.1 408'));
    expect(timedOut.length).toBeGreaterThan(0);
    expect(timedOut.length).toBeLessThanOrEqual(100);
    expect(await status('/readyz')).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  test('answers a malformed URL with 400', async () => {
    await using _ = await readyService('publisher', { REDIS_PORT: server.port, HEALTH_PORT: health });
    for (const path of ['//', 'http://[', '//[::1/metrics'])
      expect([path, await statusFor('localhost', path)]).toEqual([path, 400]);
    expect(await statusFor('localhost', '/readyz?verbose')).toBe(200);
  });

  test.each([
    ['127.0.0.1', ['localhost:1', '127.0.0.1:8080', '[::1]'], ['subscriber:8080', '10.0.0.1']],
    ['0.0.0.0', ['localhost:1', '10.0.0.1', 'subscriber:8080', 'subscriber.demo.svc.cluster.local'], []],
  ])('on %s is asked by %j, and by no public name', async (address, names, others) => {
    const env = { REDIS_PORT: server.port, HEALTH_PORT: health, HEALTH_HOST: address };
    await using _ = await readyService('subscriber', env);
    for (const host of names) expect([host, await statusFor(host)]).toEqual([host, 200]);
    for (const host of ['evil.example', 'localhost.evil.example', ...others])
      for (const path of ['/metrics', '/readyz', '/livez'])
        expect([host, await statusFor(host, path)]).toEqual([host, 403]);
    expect(await exchange('GET /readyz HTTP/1.0\r\n\r\n')).toContain(' 200 '); // a probe without a name
    const command = promisify(execFile)(process.execPath, ['shared/dist/service/healthcheck.js'], {
      cwd: ROOT,
      env: { HEALTH_PORT: String(health) },
    });
    await expect(command).resolves.toMatchObject({ stderr: '' }); // what a container is asked by
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
    // A second scrape tells the same, not twice as much; what Redis does not tell at once is left out.
    const text = await until('all figures', async () => {
      const found = await metrics();
      return found.split('_waiting{').length === 3 ? found : undefined;
    });
    for (const pattern of ['pubsub', 'queue']) {
      for (const line of [
        `redis_messaging_accepted{pattern="${pattern}"} 7`,
        `redis_messaging_received_total{pattern="${pattern}"} 7`,
        `redis_messaging_duplicated_total{pattern="${pattern}"} 0`,
        `redis_messaging_invalid_total{pattern="${pattern}"} 0`,
        `redis_messaging_lost{pattern="${pattern}"} 0`,
        `redis_messaging_waiting{pattern="${pattern}"} 0`,
        `redis_messaging_latency_seconds_count{pattern="${pattern}"} 7`,
      ]) {
        expect(text.split('\n')).toContain(line);
      }
    }
    expect(text).toContain('process_resident_memory_bytes');
    await reader.stop();
  });
});
