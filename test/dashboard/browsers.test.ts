import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ONLOOKER } from '@redis-messaging/shared/redis/slow-subscribers';
import { Browsers, MOST_BROWSERS, MOST_WAITING_BYTES } from '../../dashboard/server/stream/browsers.ts';
import { until } from '../../testkit/until.ts';
import { LiveDemo } from '../support/live-demo.ts';

/** Bytes of a batch: large, so that a browser that reads nothing falls behind soon. */
const BATCH = 'x'.repeat(20_000);

/** Browsers with a server of their own; what they are sent is told by its snapshots. */
async function serve() {
  let snapshots = 0;
  const open: number[] = [];
  const browsers = new Browsers(
    () => ({ snapshot: ++snapshots }),
    (count) => open.push(count),
  );
  const server = createServer((_request, response) => {
    if (!browsers.add(response)) response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    browsers,
    open,
    port,
    snapshots: () => snapshots,
    [Symbol.asyncDispose]: async () => {
      browsers.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const visit = (port: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => get({ host: '127.0.0.1', port, path: '/events' }, resolve).on('error', reject));

describe('the pages that are open', () => {
  test('a slow one costs a bounded share of memory, and gets a snapshot when it has caught up', async () => {
    await using served = await serve();
    const slow = await visit(served.port); // reads nothing
    const fast = await visit(served.port);
    let received = 0;
    fast.on('data', (data: Buffer) => {
      received += data.length;
    });
    expect(served.snapshots()).toBe(2);
    for (let sent = 0; sent < 2000; sent++) {
      served.browsers.send(BATCH);
      if (sent % 20 === 0) await new Promise(setImmediate);
      expect(served.browsers.mostWaiting).toBeLessThan(MOST_WAITING_BYTES + 2 * BATCH.length);
    }
    await until('all of it at the one that reads', () => received > 1000 * BATCH.length);
    const before = served.snapshots();
    slow.resume();
    await until('a snapshot for the slow one', () => served.snapshots() > before);
  });

  test('there is room for twenty, and again when one has gone', async () => {
    await using served = await serve();
    const visits = await Promise.all(Array.from({ length: MOST_BROWSERS }, () => visit(served.port)));
    expect(visits.map(({ statusCode }) => statusCode)).toEqual(visits.map(() => 200));
    expect((await visit(served.port)).statusCode).toBe(503);
    visits[0]?.destroy();
    await until('room', () => served.browsers.count < MOST_BROWSERS);
    expect((await visit(served.port)).statusCode).toBe(200);
    expect(served.open.slice(0, 3)).toEqual([1, 2, 3]);
  });
});

describe('what the page costs', () => {
  test('less than 60 kB, compressed; and no connection to Redis while nobody looks', async () => {
    await using demo = await LiveDemo.run({ PATTERN: 'queue' });
    const assets = await Promise.all(
      ['/', '/page.js', '/page.css', '/icon.svg'].map(
        async (path) => await (await fetch(new URL(path, demo.url))).text(),
      ),
    );
    const bytes = assets.reduce((sum, asset) => sum + gzipSync(asset).length, 0);
    expect(bytes).toBeLessThan(60_000);

    await using connection = await demo.start.connect();
    const names = async () => (await connection.client.clientList()).map(({ name }) => name);
    const dashboards = async () => (await names()).filter((name) => name.startsWith('dashboard')).length;
    expect(await dashboards()).toBe(0);
    const page = await visit(Number(demo.url.port));
    page.resume();
    await until('two connections while a page is open', async () => (await dashboards()) === 2);
    expect(await names()).toContain(`dashboard${ONLOOKER}`); // the one that listens: no publisher waits for it
    page.destroy();
    await until('none after it', async () => (await dashboards()) === 0);
    expect(demo.start.lines.filter((line) => line.startsWith('dashboard '))).toEqual([]); // npm start says where it is
  });
});
