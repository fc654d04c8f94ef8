import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { findBrowser } from '../../testkit/find-browser.ts';

const FLAGS = [
  '--no-sandbox', // the pages are ours, and containers often have no other way
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Getting a browser from the distribution's packages may take so long: ms. */
export const BROWSER_TIMEOUT_MS = 600_000;

/** A Chromium without a window, for several visitors: a context each. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch(await options());
}

/** A Chromium without a window that has never been used. @param profile an empty folder, or one that is not there */
export async function openBrowser(profile: string): Promise<BrowserContext> {
  return await chromium.launchPersistentContext(profile, await options());
}

async function options() {
  const { path, env } = await findBrowser((line) => console.error(line));
  return {
    executablePath: path,
    env: { ...process.env, ...env } as Record<string, string>,
    headless: true,
    args: FLAGS,
  };
}
