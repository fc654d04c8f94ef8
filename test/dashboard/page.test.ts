/// <reference lib="dom" />
import { describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared';
import { until } from '../../testkit/until.ts';
import { useLiveDemo } from '../support/use-live-demo.ts';

const live = useLiveDemo();

/** Every lane has handled some messages, and its account balances. */
const areLanesBusy = (names: string) =>
  names.split(' ').every((name) => {
    const lane = document.querySelector(`[aria-labelledby="lane-${name}"]`);
    const numbers = [...(lane?.querySelectorAll('.account .figure') ?? [])].slice(0, 2).map((each) => each.textContent);
    return /^accepted [1-9]/.test(numbers[0] ?? '') && /^handled [1-9]/.test(numbers[1] ?? '');
  });

const names = patterns.map(({ name }) => name).join(' ');

describe('the live page', () => {
  test('shows the messages of the demo in all lanes, with accounts that balance, and charts', async () => {
    await using visit = await live.visit();
    await visit.until(areLanesBusy, names);
    expect(await visit.text('.lead')).toContain('Real Redis, not a simulation.');
    const sums = await visit.page.locator('.account').evaluateAll((accounts) =>
      accounts.map((account) => {
        const [accepted, ...places] = [...account.querySelectorAll('.equation .figure b')].map((each) =>
          Number(each.textContent?.replaceAll(',', '')),
        );
        return (accepted ?? 0) - places.reduce((sum, place) => sum + place, 0);
      }),
    );
    expect(sums).toEqual(sums.map(() => 0));
    await visit.page.locator('.chart canvas').nth(4).waitFor();
    expect(visit.problems).toEqual([]);
  });

  test('tells the history of a message, with the commands of Redis', async () => {
    await using visit = await live.visit();
    await visit.page.locator('.recent button').nth(3).click();
    for (const command of [
      'PUBLISH messages',
      'SPUBLISH message_sharded',
      'RPUSH message_queue',
      'XADD message_stream',
    ])
      await visit.page.locator('.step summary', { hasText: command }).first().waitFor();
    await visit.page.locator('.step.is-acknowledged', { hasText: 'XACK message_stream subscribers' }).first().waitFor();
    expect(visit.problems).toEqual([]);
  });

  test.each([
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
    ['at 200 %', { viewport: { width: 640, height: 500 } }],
  ] as const)('has no barrier that axe finds: %s', async (_, options) => {
    await using visit = await live.visit(live.demo.url.href, options);
    await visit.until(areLanesBusy, names);
    await visit.page.locator('.recent button').first().click();
    await visit.page.locator('.step').first().waitFor();
    await visit.page
      .getByRole('button', { name: /^More for / })
      .first()
      .click();
    await visit.page.locator('.menu').waitFor();
    expect(await visit.barriers()).toEqual([]);
    const tooWide = await visit.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(tooWide).toBeLessThanOrEqual(0);
  });

  test('a fact sheet opens and closes by keyboard', async () => {
    await using visit = await live.visit();
    await visit.page.getByRole('button', { name: 'Facts about stream' }).press('Enter');
    await visit.page.getByRole('dialog').getByText('XADD').waitFor();
    await visit.page.keyboard.press('Escape');
    await visit.page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  test('a subscriber that is killed is shown as gone, and its successor as there', async () => {
    await using visit = await live.visit();
    const gone = visit.page.locator('.sub.gone').first().waitFor(); // its successor comes soon
    await visit.page.getByRole('button', { name: /^Kill / }).click();
    await gone;
    await visit.page.locator('.log li', { hasText: 'was killed' }).waitFor();
    await visit.page.locator('.sub.up').first().waitFor({ timeout: 20_000 });
    expect(visit.problems).toEqual([]);
  });

  test('says that Redis is gone, and goes on when it is back', async () => {
    await using visit = await live.visit();
    await visit.page.getByRole('button', { name: 'Stop Redis' }).click();
    await visit.page.locator('.lamp.bad', { hasText: 'Redis is unreachable since' }).waitFor();
    await visit.page.getByRole('button', { name: 'Start Redis' }).click();
    await visit.page
      .locator('.lamp.good', { hasText: 'Redis 7' })
      .or(visit.page.locator('.lamp.good', { hasText: 'Redis 8' }))
      .waitFor();
    await visit.page.locator('.sub.up').first().waitFor({ timeout: 20_000 });
  });

  test('a control changes the services, and shows the variable that does the same', async () => {
    await using visit = await live.visit();
    await visit.page.getByRole('slider', { name: 'Work time' }).fill('0.3');
    await visit.page.locator('output', { hasText: '0.3 s' }).waitFor();
    await visit.until(() => document.body.textContent?.includes('WORK_TIME=0.3'));
    const response = await live.demo.post('service', { to: { service: 'subscriber' }, do: 'workTime', value: 0 });
    expect(await response.json()).toEqual({ ok: true, reason: '' });
    await visit.until(() => document.body.textContent?.includes('WORK_TIME=0 '));
  });

  test('a tab in the background ends its stream, and resumes when it is looked at', async () => {
    await using visit = await live.visit();
    const pages = async () => {
      const response = await fetch(new URL('/healthz', live.demo.url));
      return ((await response.json()) as { pages: number }).pages;
    };
    await until('this page only', async () => (await pages()) === 1);
    const look = (state: string) =>
      visit.page.evaluate((visibility) => {
        Object.defineProperty(document, 'visibilityState', { value: visibility, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    await look('hidden');
    await until('no page', async () => (await pages()) === 0);
    await visit.page.getByText('not live while this tab is in the background').waitFor();
    await look('visible');
    await visit.page.locator('.lamp.good', { hasText: 'live' }).waitFor();
    await visit.until(areLanesBusy, names);
  });

  test('with reduced motion nothing moves, and all is said', async () => {
    await using visit = await live.visit(live.demo.url.href, { reducedMotion: 'reduce' });
    await visit.until(areLanesBusy, names);
    const running = await visit.page.evaluate(() => document.getAnimations().length);
    expect(running).toBe(0);
    expect(visit.problems).toEqual([]);
  });
});
