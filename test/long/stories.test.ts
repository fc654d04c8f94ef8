/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared';
import type { Browser } from 'playwright-core';
import { stories } from '../../dashboard/page/stories/index.ts';
import { BROWSER_TIMEOUT_MS, launchBrowser } from '../support/browser.ts';
import { LiveDemo, Visit } from '../support/live-demo.ts';

/** A story may take so long here: ms. */
const STORY_TIMEOUT_MS = 120_000;

let browser: Browser;
let demo: LiveDemo;

beforeAll(async () => {
  browser = await launchBrowser();
  demo = await LiveDemo.run({ PUBLISH_INTERVAL: 1 });
}, BROWSER_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await demo?.[Symbol.asyncDispose]();
});

describe('the stories', () => {
  test.each(stories.map((story) => [story.name, story] as const))(
    '%s: asks, runs on the live demo, and ends as every pattern promises',
    async (name, story) => {
      const address = new URL(demo.url);
      address.searchParams.set('story', name);
      await using visit = await Visit.of(browser, address.href);
      const answers = visit.page.locator('.answer');
      await answers.first().waitFor();
      expect(await answers.count()).toBe(story.answers.length);
      await answers.nth(story.answers.findIndex(({ isRight }) => isRight)).click();
      await visit.page.locator('.verdicts, .story .problem').first().waitFor({ timeout: STORY_TIMEOUT_MS });
      const lines = await visit.page.locator('.verdicts li').allTextContents();
      expect([await visit.page.locator('.story .problem').allTextContents(), lines.length]).toEqual([
        [],
        patterns.length,
      ]);
      expect(lines.filter((line) => !line.endsWith('✓ as promised'))).toEqual([]);
      expect(await visit.text('.outcome')).toContain('You were right.');
      expect(visit.problems.filter((problem) => !/409/.test(problem))).toEqual([]);
      await visit.page.getByRole('button', { name: 'close' }).first().click();
      await visit.page.locator('.story').waitFor({ state: 'detached' });
      await visit.until(() => !location.search.includes('story='));
    },
    STORY_TIMEOUT_MS + 60_000,
  );
});
