import { type BrowserContext, chromium } from 'playwright-core';
import { findBrowser } from '../../local/find-browser.ts';

const FLAGS = [
  '--no-sandbox', // the pages are ours, and containers often have no other way
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A Chromium without a window that has never been used. @param profile an empty folder, or one that is not there */
export async function openBrowser(profile: string): Promise<BrowserContext> {
  const { path, env } = await findBrowser((line) => console.error(line));
  return await chromium.launchPersistentContext(profile, {
    executablePath: path,
    env: { ...process.env, ...env } as Record<string, string>,
    headless: true,
    args: FLAGS,
  });
}
