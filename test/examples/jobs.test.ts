import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startFront } from '../../examples/jobs/front/front.ts';
import { System } from '../../examples/jobs/system.ts';
import { newCookie, Visitor } from '../../examples/jobs/visitor.ts';
import { BROWSER_TIMEOUT_MS, launchBrowser } from '../support/browser.ts';
import { useRedis } from '../support/use-redis.ts';

const HOSTILE = '<img src=x onerror=document.title="hacked">.mp4';

describe('the page of the example jobs', () => {
  const given = useRedis();
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    const redisUrl = `redis://127.0.0.1:${given.server.port}`;
    system = await System.start({ redisUrl, prefix: `test:${randomUUID()}`, seconds: 3, say() {} });
    browser = await launchBrowser();
  }, BROWSER_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await system?.[Symbol.asyncDispose]();
  });

  /** The page of somebody who was never there before. */
  async function visit(url: string): Promise<{ page: Page; context: BrowserContext; problems: string[] }> {
    const context = await browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await page.goto(url);
    await page.locator('#live.on').waitFor({ timeout: 15_000 });
    return { page, context, problems };
  }

  async function upload(page: Page, name: string): Promise<void> {
    await page.setInputFiles('#files', { name, mimeType: 'video/mp4', buffer: Buffer.alloc(1000) });
  }

  /** Waits until the page shows a video in a state. */
  async function shows(page: Page, name: string, state: string): Promise<void> {
    await page.locator(`li.${state}`, { hasText: name }).waitFor({ timeout: 30_000 });
  }

  test('progress to the end, for its owner only; a name is text; a worker that dies is replaced', async () => {
    const worker = await system.startWorker();
    const ann = await visit(system.url);
    const ben = await visit(system.url);

    await upload(ann.page, HOSTILE);
    await shows(ann.page, HOSTILE, 'encoding');
    await shows(ann.page, HOSTILE, 'done');
    expect(await ann.page.locator('#jobs img').count()).toBe(0);
    expect(await ann.page.title()).toBe('Video jobs');

    await upload(ann.page, 'wedding.mp4');
    await shows(ann.page, 'wedding.mp4', 'encoding');
    worker.process.kill('SIGKILL');
    await worker.ended;
    const { name } = await system.startWorker();
    await shows(ann.page, 'wedding.mp4', 'done');
    const row = ann.page.locator('li', { hasText: 'wedding.mp4' });
    expect(await row.locator('.detail').textContent()).toContain(`encoded by ${name} · attempt 2`);

    expect(await ben.page.locator('#jobs li').count()).toBe(0);
    expect([...ann.problems, ...ben.problems]).toEqual([]);
    await Promise.all([ann.context.close(), ben.context.close()]);
  });

  test('a page that was cut off catches up with what it has missed', async () => {
    const apis = system.apis.map(({ address }) => address);
    const front = await startFront(apis, { host: '127.0.0.1', port: 0 });
    const { page, context } = await visit(`http://127.0.0.1:${front.port}`);
    await upload(page, 'meeting.mp4');
    await shows(page, 'meeting.mp4', 'encoding');
    await front.close();
    await page.locator('#live:not(.on)').waitFor();

    // One worker takes the videos in their order: when a later one of somebody else is done, so is this.
    using other = await Visitor.arrive(system.url);
    await other.open();
    await other.upload('later.mp4');
    await other.sees('later.mp4', ({ state }) => state === 'done');
    expect(await page.locator('li.done').count()).toBe(0);

    await using again = await startFront(apis, { host: '127.0.0.1', port: front.port });
    await shows(page, 'meeting.mp4', 'done');
    expect(again.port).toBe(front.port);
    await context.close();
  });

  test.each([
    ['from another site', { origin: 'http://evil.example' }, 403],
    ['without saying from where', {}, 403],
  ])('an upload %s is refused', async (_, headers: Record<string, string>, status) => {
    const cookie = await newCookie(system.url);
    const body = JSON.stringify({ name: 'a.mp4', size: 1 });
    const all = { 'Content-Type': 'application/json', cookie, ...headers };
    expect((await fetch(`${system.url}/upload`, { method: 'POST', headers: all, body })).status).toBe(status);
  });
});
