import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../../test/support/browser.ts';
import { startServices } from '../bench-process.ts';
import type { Measurement } from '../measurement.ts';
import { startDashboardServer } from './server.ts';

const PER_SECOND = 1000;
/** The page and the services get into their stride first: ms. */
const WARM_UP_MS = 10_000;
/** How often the heap is looked at while the page is measured. */
const LOOKS = 10;

/** What the browser says of a page: seconds of its main thread's CPU time, and bytes. */
type Metrics = Readonly<Record<'ScriptDuration' | 'LayoutDuration' | 'RecalcStyleDuration' | 'JSHeapUsedSize', number>>;

/**
 * What the live page costs the browser that shows it at 1,000 messages per second: script per frame, as the browser itself counts it,
 * in CPU time, so that a busy neighbour does not matter; and its heap after a collection, at the start and at each tenth of the time:
 * it grows while the charts fill, which hold ten minutes, and no longer (MESSAGES=1200000 takes 20 minutes).
 */
export const page: Measurement = {
  columns: [
    'patterns',
    'each',
    'frames/s',
    'script per frame',
    'target',
    'layout, style',
    'heap, MB: at the start, then at each tenth',
  ],
  usualMessages: 60_000,
  isOfAllTogether: true,
  async rowsOf(patterns, port, messages) {
    const measuredMs = (1000 * messages) / PER_SECOND;
    const server = await startDashboardServer(port, measuredMs);
    const pace = { LIVE: 'on', PUBLISH_INTERVAL: 1 / PER_SECOND };
    const services = await startServices(patterns, port, pace, measuredMs);
    const browser = await launchBrowser();
    try {
      const visited = await browser.newPage({ viewport: { width: 1360, height: 1020 } });
      await visited.goto(server.url.href);
      await visited.locator('.sub.up').first().waitFor();
      const session = await visited.context().newCDPSession(visited);
      await session.send('Performance.enable', { timeDomain: 'threadTicks' });
      await sleep(WARM_UP_MS);
      const before = await metricsOf(session);
      const looks = [before];
      let frames = 0;
      while (looks.length <= LOOKS) {
        frames += await countFrames(visited, measuredMs / LOOKS);
        looks.push(await metricsOf(session));
      }
      const after = looks[LOOKS] ?? before;
      const rate = (await visited.locator('.rates b').first().textContent()) ?? '';
      const perFrame = (...names: (keyof Metrics)[]) =>
        `${((1000 * names.reduce((sum, name) => sum + after[name] - before[name], 0)) / frames).toFixed(2)} ms`;
      return [
        [
          patterns.map(({ name }) => name).join(' '),
          rate,
          ((PER_SECOND * frames) / messages).toFixed(0),
          perFrame('ScriptDuration'),
          'under 6 ms',
          perFrame('LayoutDuration', 'RecalcStyleDuration'),
          looks.map(megabytes).join(' '),
        ],
      ];
    } finally {
      await browser.close();
      await services.stop();
      await server.stop();
    }
  },
};

const megabytes = ({ JSHeapUsedSize }: Metrics) => (JSHeapUsedSize / 1024 / 1024).toFixed(2);

/** What is used of the heap is what is left after a collection. */
async function metricsOf(session: CDPSession): Promise<Metrics> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value])) as unknown as Metrics;
}

/** How many frames a page shows within a time. As text: what runs this file puts helpers of its own into functions. */
const countFrames = (page: Page, ms: number): Promise<number> =>
  page.evaluate(`new Promise((resolve) => {
    const end = performance.now() + ${ms};
    let frames = 0;
    requestAnimationFrame(function next(now) {
      if (now >= end) return resolve(frames);
      frames++;
      requestAnimationFrame(next);
    });
  })`);
