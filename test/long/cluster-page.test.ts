/// <reference lib="dom" />
import { expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared';
import { until } from '../../testkit/until.ts';
import { useLiveDemo } from '../support/use-live-demo.ts';

jest.setTimeout(180_000);
const live = useLiveDemo({ PARTITIONS: 3 }, ['--cluster']);

/** What each lane has handled, as the page says. */
const handledOf = (names: string): number[] =>
  names.split(' ').map((name) => {
    const lane = document.querySelector(`[aria-labelledby="lane-${name}"]`);
    const figures = [...(lane?.querySelectorAll('.account .figure') ?? [])].map((each) => each.textContent ?? '');
    return Number(/^handled ([\d,]+)/.exec(figures[1] ?? '')?.[1]?.replaceAll(',', '') ?? 0);
  });

const names = patterns.map(({ name }) => name).join(' ');

test('the page shows the servers of the Cluster, and goes on while one that is killed there is replaced', async () => {
  await using visit = await live.visit();
  const { page } = visit;
  const servers = async () => await page.locator('.node').evaluateAll((all) => all.map((each) => each.className));
  await until('the servers', async () => {
    const all = await servers();
    return all.length === 6 && all.filter((each) => each === 'node primary up').length === 3;
  });
  expect(await page.locator('.node.primary .words').allTextContents()).toEqual(
    expect.arrayContaining(['primary, 5,461 slots', 'primary, 5,462 slots']),
  );
  for (const { name, isPartitionable } of patterns) {
    const where = page.locator(`[aria-labelledby="lane-${name}"] .on`);
    await where.getByText(isPartitionable ? /^3 partitions on :\d+/ : 'on every server').waitFor();
  }
  expect(await visit.barriers()).toEqual([]);
  const [first] = await page.locator('.node.primary b').allTextContents(); // the page and the services listen by it
  await page.getByRole('button', { name: `Kill the Redis server ${first}` }).click();
  await page.locator('.node.gone b', { hasText: first as string }).waitFor(); // on a busy machine others may seem gone, too
  await page
    .getByText(/is a primary now/)
    .first()
    .waitFor();
  const before = await page.evaluate(handledOf, names);
  await until(
    'all lanes to go on',
    async () => (await page.evaluate(handledOf, names)).every((handled, lane) => handled > (before[lane] as number)),
    20_000,
  );
  await page.getByText(`${first} is back, as a`).first().waitFor();
  const wanted = [...Array(3).fill('node primary up'), ...Array(3).fill('node replica up')];
  await until('all servers to be there', async () => `${(await servers()).sort()}` === `${wanted}`, 20_000);
  await page.getByRole('button', { name: 'Cut connections of all subscribers' }).click();
  await page
    .getByText(/subscribers: \d+ connections cut/)
    .first()
    .waitFor();
  expect(visit.problems).toEqual([]);
});
