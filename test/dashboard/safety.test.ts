/// <reference lib="dom" />
import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { injections } from '../support/injections.ts';
import { LiveDemo } from '../support/live-demo.ts';
import { useLiveDemo } from '../support/use-live-demo.ts';

const STEP = { to: { service: 'publisher' }, do: 'burst', value: 1 };

const live = useLiveDemo();

/** The status of a request with any headers, as no browser could send them. */
const statusOf = (path: string, method: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = live.demo.url;
    const asked = request({ host: hostname, port, path, method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end(method === 'POST' ? JSON.stringify(STEP) : undefined);
  });

describe('the live page is safe', () => {
  test('controls need the token, our own origin, and our own name', async () => {
    await using _visit = await live.visit(); // without a page, nobody listens to services
    const { host, origin } = live.demo.url;
    const json = { 'content-type': 'application/json' };
    const own = { ...json, 'x-dashboard-token': live.demo.token };
    expect(await statusOf('/controls/service', 'POST', { ...own, host, origin })).toBe(200);
    expect(await statusOf('/controls/service', 'POST', { ...json, host, origin })).toBe(403);
    expect(await statusOf('/controls/service', 'POST', { ...own, 'x-dashboard-token': 'x', host, origin })).toBe(403);
    expect(await statusOf('/controls/service', 'POST', { ...own, host, origin: 'https://evil.example' })).toBe(403);
    expect(await statusOf('/controls/service', 'POST', { ...own, host, origin: 'null' })).toBe(403);
    expect(await statusOf('/controls/service', 'POST', { ...own, host: 'evil.example', origin })).toBe(421);
    for (const path of ['/', '/events', '/healthz', '/page.js'])
      expect([path, await statusOf(path, 'GET', { host: `rebound.example:${live.demo.url.port}` })]).toEqual([
        path,
        421,
      ]);
    expect(await statusOf('/controls/nothing', 'POST', { ...own, host, origin })).toBe(404);
  });

  test('takes nothing that is not a control', async () => {
    await using _visit = await live.visit();
    for (const body of [
      {},
      [],
      { do: 'burst' },
      { ...STEP, value: 1e9 },
      { ...STEP, do: 'flushall' },
      { do: 'kill', instance: '../x' },
    ])
      for (const name of ['service', 'start'])
        expect([name, body, (await live.demo.post(name, body)).status]).toEqual([name, body, 409]);
  });

  test('forbids itself everything from elsewhere, inline code and eval', async () => {
    const { headers } = await fetch(new URL('/', live.demo.url));
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ])
      expect(policy.split('; ')).toContain(rule);
    expect(policy).not.toContain('unsafe');
  });

  test('texts of messages run nothing, wherever they are shown', async () => {
    expect(injections.length).toBeGreaterThanOrEqual(100);
    await using visit = await live.visit();
    await live.demo.post('service', { to: { service: 'publisher' }, do: 'pause' });
    for (const text of injections) {
      const sent = await live.demo.post('service', { to: { service: 'publisher' }, do: 'send', value: text });
      expect([text, sent.status]).toEqual([text, 200]);
    }
    for (const text of injections.slice(0, 5))
      expect(
        (await live.demo.post('service', { to: { service: 'publisher' }, do: 'sendBroken', value: text })).status,
      ).toBe(200);
    const last = injections.at(-1) as string;
    await visit.until(
      (text) => [...document.querySelectorAll('.recent button')].some((each) => each.getAttribute('title') === text),
      last,
    );
    await visit.page.getByTitle(last, { exact: true }).first().click();
    await visit.until((text) => document.querySelector('.message .text')?.textContent === text, last);
    expect(await visit.page.locator('#page img, #page iframe, #page script, #page a').count()).toBe(0);
    expect(await visit.page.title()).toBe('Redis messaging patterns, live');
    expect(visit.problems).toEqual([]);
    await live.demo.post('service', { to: { service: 'publisher' }, do: 'resume' });
  });

  test('without controls, there is no token, and nothing is taken', async () => {
    await using quiet = await LiveDemo.run({ DASHBOARD_CONTROLS: 'off', PATTERN: 'queue' });
    expect(quiet.url.hash).toBe('');
    await using visit = await live.visit(quiet.url.href);
    await visit.page.getByText('Controls are off (DASHBOARD_CONTROLS=off).').waitFor();
    expect((await quiet.post('service', STEP)).status).toBe(403);
    expect((await quiet.post('start', { do: 'stop-redis' })).status).toBe(403);
  });
});
