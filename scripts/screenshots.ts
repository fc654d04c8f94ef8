/** `npm run screenshots [-- NAME …]`: pictures of the live page for the documentation, of real demos, into docs/. Takes about a minute. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser } from '../test/support/browser.ts';
import { LiveDemo, Visit } from '../test/support/live-demo.ts';

const DOCS = new URL('../docs/', import.meta.url);

/** A picture: how the page is opened, and what is done there before. */
interface Picture {
  readonly name: string;
  readonly options: BrowserContextOptions;
  prepare(page: Page): Promise<unknown>;
}

const ofOneRedis: readonly Picture[] = [
  { name: 'page', options: { viewport: { width: 1360, height: 1020 } }, prepare: busy },
  { name: 'page-dark', options: { viewport: { width: 1360, height: 1020 }, colorScheme: 'dark' }, prepare: follow },
  { name: 'page-phone', options: { viewport: { width: 390, height: 844 } }, prepare: settled },
  { name: 'page-story', options: { viewport: { width: 1360, height: 860 } }, prepare: told },
];
const ofCluster: readonly Picture[] = [
  { name: 'page-cluster', options: { viewport: { width: 1360, height: 860 } }, prepare: replaced },
];

const wanted = process.argv.slice(2);
const browser = await launchBrowser();
const env = { CONSUMER: 'subscriber-1', RECLAIM_AFTER: 30 };
await take(ofOneRedis, { ...env, PUBLISH_INTERVAL: 1 });
await take(ofCluster, { ...env, PUBLISH_INTERVAL: 0.25, PARTITIONS: 3 }, '--cluster');
await browser.close();

/** Takes those pictures that are wanted, of a demo of their own. @param args of `npm start` */
async function take(all: readonly Picture[], settings: Record<string, string | number>, ...args: string[]) {
  const pictures = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (pictures.length === 0) return;
  await using demo = await LiveDemo.run(settings, args);
  for (const { name, options, prepare } of pictures) {
    await using visit = await Visit.of(browser, demo.url.href, options);
    await prepare(visit.page);
    await visit.page.screenshot({ path: new URL(`${name}.png`, DOCS).pathname });
    console.log(`docs/${name}.png`);
  }
}

/** Two subscribers at work that takes time, so that something waits, and something is in flight. */
async function busy(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add' }).click();
  await page.locator('.sub.up', { hasText: 'subscriber-1-2' }).first().waitFor();
  await page.getByRole('slider', { name: 'Messages' }).fill('33');
  await page.getByRole('slider', { name: 'Work time' }).fill('0.6');
  await page.waitForTimeout(9000);
  await page.mouse.move(0, 0);
}

/** One message, with its history. */
async function follow(page: Page): Promise<void> {
  await page.getByRole('slider', { name: 'Work time' }).fill('0.2');
  await page.getByRole('slider', { name: 'Messages' }).fill('24');
  await page.waitForTimeout(14_000);
  await page.locator('.recent button').nth(7).click();
  await page.locator('.step.is-acknowledged').nth(1).waitFor();
  await page.waitForTimeout(900);
}

/** Nothing but messages on their way. */
async function settled(page: Page): Promise<void> {
  await page.getByRole('slider', { name: 'Work time' }).fill('0');
  await page.getByRole('slider', { name: 'Messages' }).fill('16');
  await page.waitForTimeout(12_000);
  await page.evaluate('scrollTo(0, 0)');
}

/** A story's verdict. */
async function told(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Remove subscriber-1-2/ }).click();
  await page.waitForTimeout(3000);
  await page.getByRole('button', { name: 'A subscriber crashes' }).click();
  await page.locator('.answer').nth(1).click();
  await page.locator('.verdicts').waitFor({ timeout: 90_000 });
  await page.waitForTimeout(1200);
}

/** A primary that was killed has been replaced. */
async function replaced(page: Page): Promise<void> {
  await page.waitForTimeout(6000);
  await page
    .getByRole('button', { name: /^Kill the Redis server/ })
    .first()
    .click();
  await page
    .getByText(/is a primary now/)
    .first()
    .waitFor();
  await page.waitForTimeout(2500);
}
