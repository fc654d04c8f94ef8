/// <reference lib="dom" />
import { describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared';
import { stories } from '../../dashboard/page/stories/index.ts';
import { useLiveDemo } from '../support/use-live-demo.ts';

/** A story may take so long here: ms. */
const STORY_TIMEOUT_MS = 120_000;

const live = useLiveDemo({ PUBLISH_INTERVAL: 1, RECLAIM_AFTER: 10 });

describe('the stories', () => {
  test.each(stories.map((story) => [story.name, story] as const))(
    '%s: asks, runs on the live demo, and ends as every pattern promises',
    async (name, story) => {
      const address = new URL(live.demo.url);
      address.searchParams.set('story', name);
      await using visit = await live.visit(address.href);
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
