/// <reference lib="dom" />
import { describe, expect, test } from '@jest/globals';
import { until } from '../../testkit/until.ts';
import type { Visit } from '../support/live-demo.ts';
import { useLiveDemo } from '../support/use-live-demo.ts';

const [FIRST, SECOND] = ['worker', 'worker-2'];

const live = useLiveDemo({ CONSUMER: FIRST });

/** Opens the page, with two subscribers at work. */
async function visitTwo(): Promise<Visit> {
  // Without motion, because lines are measured that would still be growing.
  const visit = await live.visit(live.demo.url.href, { reducedMotion: 'reduce' });
  const second = visit.page.locator('.sub.up', { hasText: SECOND }).first();
  if (!(await second.isVisible())) await visit.page.getByRole('button', { name: 'Add' }).click();
  await second.waitFor();
  return visit;
}

describe('the menu of one subscriber', () => {
  test('cuts its connections and no others, by keyboard, and marks that on every lane', async () => {
    await using visit = await visitTwo();
    await using redis = await live.demo.start.connect();
    /** The connections of each subscriber, by the instance in their names. */
    const connections = async () => {
      const clients = (await redis.client.clientList()).filter(({ name }) => name.startsWith('subscriber:'));
      const byInstance = new Map<string, number[]>();
      for (const { name, id } of clients) {
        const instance = name.split(':')[1] as string;
        byInstance.set(instance, [...(byInstance.get(instance) ?? []), id]);
      }
      return byInstance;
    };
    const before = await connections();
    expect(before.size).toBe(2);
    await visit.page.getByRole('button', { name: `More for ${SECOND}` }).press('Enter');
    await visit.page.getByRole('button', { name: `Cut its connections: ${SECOND}` }).press('Enter');
    await visit.page.locator('.log li', { hasText: new RegExp(`${SECOND}: \\d+ connections cut`) }).waitFor();
    /** How many of those that each had are there still. */
    const kept = async () => {
      const all = await connections();
      return [...before].map(([instance, ids]) => {
        const now = all.get(instance) ?? [];
        return { had: ids.length, kept: ids.filter((id) => now.includes(id)).length, isBack: now.length > 0 };
      });
    };
    const [cut, other] = await until('one of them to be back with new connections', async () => {
      const both = (await kept()).sort((one, another) => one.kept - another.kept);
      return both.every(({ isBack }) => isBack) ? both : undefined;
    });
    expect(cut?.kept).toBe(0);
    expect(other?.kept).toBe(other?.had);

    const lines = await visit.page.locator('.lane').evaluateAll((lanes) =>
      lanes.map((lane) => {
        const place = (selector: string) => lane.querySelector(selector)?.getBoundingClientRect() as DOMRect;
        const line = place('.fault-line.at-subscribers');
        return [line.right > place('.redis-box').right, line.right < place('.sub').left, line.height > 30];
      }),
    );
    expect(lines).toEqual(lines.map(() => [true, true, true]));
    expect(await visit.page.locator('.fault-tag', { hasText: SECOND }).count()).toBe(lines.length);
    await visit.page.keyboard.press('Escape');
    await visit.page.locator('.menu').waitFor({ state: 'detached' });
    expect(await visit.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      `More for ${SECOND}`,
    );
    expect(visit.problems).toEqual([]);
  });

  test('sets its work, and not that of the other', async () => {
    await using visit = await visitTwo();
    for (const name of [FIRST, SECOND])
      await visit.page.getByRole('button', { name: `More for ${name}`, exact: true }).click();
    const of = (name: string) => visit.page.getByRole('group', { name: `Only ${name}`, exact: true });
    await of(SECOND).getByRole('slider', { name: 'Work time' }).fill('0.2');
    await of(SECOND).getByRole('slider', { name: 'Concurrency' }).fill('3');
    await of(SECOND).getByText('WORK_TIME=0.2 ').waitFor();
    await of(SECOND).getByText('CONCURRENCY=3 ').waitFor();
    await of(FIRST).getByText('WORK_TIME=0 ').waitFor();
    await of(FIRST).getByText('CONCURRENCY=1 ').waitFor();
    await visit.page.getByText(`They differ: this is ${FIRST}, and sets all.`).waitFor();
    expect(visit.problems).toEqual([]);
  });
});
