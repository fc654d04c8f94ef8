/// <reference lib="dom" />
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { type Start, startItself } from '../local/start/npm-start.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Axe {
  run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

/** `npm start` with its live page. */
export class LiveDemo implements AsyncDisposable {
  readonly start: Start;
  /** The page's address, with the token. */
  readonly url: URL;

  private constructor(start: Start, url: URL) {
    this.start = start;
    this.url = url;
  }

  /** @param args of `npm start` */
  static async run(env: Record<string, string | number> = {}, args: readonly string[] = []): Promise<LiveDemo> {
    const all = { DASHBOARD_PORT: '', PATTERN: 'all', PUBLISH_INTERVAL: 0.2, RECLAIM_AFTER: 1, ...env };
    const start = startItself(all, args);
    const address = /http:\S+/.exec(await start.says('Watch it live: '))?.[0] as string;
    return new LiveDemo(start, new URL(address));
  }

  get token(): string {
    return this.url.hash.slice(1);
  }

  /** Posts a control as the page does. */
  async post(name: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return await fetch(new URL(`/controls/${name}`, this.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-dashboard-token': this.token, ...headers },
      body: JSON.stringify(body),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.start[Symbol.asyncDispose]();
  }
}

/** The live page in a browser, and every error there. */
export class Visit implements AsyncDisposable {
  readonly page: Page;
  readonly problems: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => message.type() === 'error' && this.problems.push(message.text()));
    page.on('dialog', (dialog) => {
      this.problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  static async of(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 1000 }, ...options });
    const visit = new Visit(context, await context.newPage());
    await visit.page.goto(url);
    await visit.page.locator('.sub.up').first().waitFor();
    return visit;
  }

  /** Waits until the page's script finds something. */
  async until(what: (argument: string) => unknown, argument = '', timeout = 20_000): Promise<void> {
    await this.page.waitForFunction(what, argument, { timeout });
  }

  /** What axe finds: the rule that is broken, and by which elements. */
  async barriers(): Promise<[rule: string, elements: string[]][]> {
    await this.page.evaluate(await readFile(AXE, 'utf8'));
    const { violations } = await this.page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run());
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
  }

  /** What an element says. */
  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).first().textContent()) ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}
