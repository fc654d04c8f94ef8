import { afterAll, beforeAll } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { BROWSER_TIMEOUT_MS, launchBrowser } from './browser.ts';
import { LiveDemo, Visit } from './live-demo.ts';

/** A demo with its live page, and a browser, for all tests of a file. */
export function useLiveDemo(env: Record<string, string | number> = {}, args: readonly string[] = []) {
  let browser: Browser;
  let demo: LiveDemo;
  beforeAll(async () => {
    browser = await launchBrowser();
    demo = await LiveDemo.run(env, args);
  }, BROWSER_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await demo?.[Symbol.asyncDispose]();
  });
  return {
    get demo(): LiveDemo {
      return demo;
    },
    /** Opens the page; at its own address, if none is given. */
    visit: (url = demo.url.href, options?: BrowserContextOptions): Promise<Visit> => Visit.of(browser, url, options),
  };
}
