/// <reference lib="dom" />
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import type { Measurement, Results } from '../../compare/measure/result.ts';
import { accountText, cellText, deliveredPercent } from '../../compare/report/account-text.ts';
import { MARKS } from '../../compare/report/marks.ts';
import { renderPage } from '../../compare/report/page/page.ts';
import { BROWSER_TIMEOUT_MS, openBrowser } from '../support/browser.ts';

/** Of a run; the last two, with a broken promise and with a reason for being left out, are made up. */
const sample: Results = JSON.parse(readFileSync(new URL('results.json', import.meta.url), 'utf8'));

/** Of a run with all experiments. */
const complete: Results = JSON.parse(readFileSync(new URL('../../docs/compare.json', import.meta.url), 'utf8'));

const SCRIPT = '</script><img src=x onerror=alert(1)><!--';
const DIRECTION = '\u202etxt.exe';

let folder: string;
let browser: BrowserContext;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-test-'));
  browser = await openBrowser(join(folder, 'profile'));
}, BROWSER_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A report in the browser, and every error there. */
class Report implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly errors: string[] = [];
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('console', (message) => this.errors.push(message.text()));
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('dialog', (dialog) => {
      this.errors.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
  }

  static async of(results: Results, width = 1280, height = 800): Promise<Report> {
    const path = join(folder, `${Math.random()}.html`);
    await writeFile(path, await renderPage(results));
    const report = new Report(await browser.newPage());
    await report.page.setViewportSize({ width, height });
    await report.page.goto(pathToFileURL(path).href);
    return report;
  }

  /** A report with everything unfolded, and its charts drawn. */
  static async open(results: Results, width?: number): Promise<Report> {
    const report = await Report.of(results, width);
    const { page } = report;
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    await page.waitForFunction(() => document.querySelectorAll('figure[hidden]').length === 0);
    return report;
  }

  /** How many pixels of each canvas are drawn. */
  async drawn(): Promise<number[]> {
    return await this.page.locator('canvas').evaluateAll((all) =>
      (all as HTMLCanvasElement[]).map((canvas) => {
        const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
        return Array.from(data).filter((value, index) => index % 4 === 3 && value > 0).length;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
  }
}

describe('the report', () => {
  test('opens from disk without the network, and without any error', async () => {
    await using report = await Report.of(sample);
    expect(report.requests.filter((url) => !url.startsWith('data:'))).toEqual([report.page.url()]);
    expect(report.errors).toEqual([]);
  });

  test('forbids itself the network, and scripts that are not its own', async () => {
    await using report = await Report.of(sample);
    const tried = await report.page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      const reached = await fetch('http://127.0.0.1:1/').then(
        () => true,
        () => false,
      );
      return { ran: 'ran' in window, reached };
    });
    expect(tried).toEqual({ ran: false, reached: false });
    expect(report.errors.join('\n')).toMatch(
      /inline script violates .* Content Security Policy[\s\S]*Connecting .* violates/,
    );
    expect(report.requests.filter((url) => url.startsWith('http'))).toEqual([]);
  });

  test('has a row for each experiment, and in each cell what happened to the messages, and the mark', async () => {
    await using report = await Report.of(sample);
    const { page } = report;
    const names = Object.keys(sample.experiments[0]?.patterns ?? {});
    expect(await page.locator('.heads span:not(.swatch)').allInnerTexts()).toEqual(['Question', ...names]);
    const rows = page.locator('details.experiment > summary');
    expect(await rows.count()).toBe(sample.experiments.length);
    for (const [index, { question, patterns, skipped }] of sample.experiments.entries()) {
      const row = rows.nth(index);
      expect(await shownIn(row.locator('.question'))).toContain(question);
      const cells = (await row.locator('.what').allTextContents()).map((text) => text.replace(/\s+/g, ' ').trim());
      expect(cells).toEqual(names.map((name) => (skipped ? 'left out' : cellOf(patterns[name]))));
    }
    expect(await shownIn(page.locator('.legend'))).toBe(
      Object.values(MARKS)
        .map(({ sign, means }) => `${sign} ${means}`)
        .join('\n'),
    );
  });

  test('unfolds to what was asked, done and counted', async () => {
    await using report = await Report.open(sample);
    for (const [index, experiment] of sample.experiments.entries()) {
      const text = await shownIn(report.page.locator(`#experiment-${index + 1}`));
      const { question, steps, faults, events, patterns, skipped = '' } = experiment;
      const causes = Object.values(patterns).flatMap((measurement) => measurement.causes.map(({ cause }) => cause));
      const claims = Object.values(patterns).flatMap((measurement) => measurement.claims.map((claim) => claim.text));
      const figures = Object.values(patterns).flatMap((measurement) => Object.keys(measurement.figures));
      const whats = [...faults, ...events].map(({ what }) => what);
      for (const part of [question, ...steps, ...whats, skipped, ...causes, ...claims, ...figures])
        expect(text).toContain(part);
    }
  });

  test('opens with one screen: what arrived under each fault, by which pattern, and what cost the rest', async () => {
    await using report = await Report.of(complete);
    const { page } = report;
    const bottom = await page.locator('#which').evaluate((section) => section.getBoundingClientRect().bottom);
    expect(bottom).toBeLessThanOrEqual(800);
    const faulty = complete.experiments.filter(({ faults }) => faults.length > 0);
    expect(faulty.length).toBeGreaterThan(5);
    expect(faulty.length).toBeLessThan(complete.experiments.length);
    const rows = page.locator('.matrix tbody tr');
    expect(await rows.count()).toBe(faulty.length);
    for (const [index, { question, patterns }] of faulty.entries()) {
      const row = rows.nth(index);
      expect(question.startsWith((await row.locator('th a').textContent()) as string)).toBe(true);
      expect(await row.locator('.cause').textContent()).toMatch(/.{10}/);
      const all = Object.values(patterns);
      const widths = await row.locator('rect.part').evaluateAll((bars) => bars.map((bar) => bar.getAttribute('width')));
      expect(widths).toEqual(all.map((measurement) => (deliveredPercent(measurement) ?? 0).toFixed(1)));
      const labels = await row.locator('svg').evaluateAll((bars) => bars.map((bar) => bar.getAttribute('aria-label')));
      expect(labels).toEqual(all.map(accountText));
    }
    const needs = await page.locator('.needs li strong').allInnerTexts();
    expect(needs.length).toBeGreaterThan(4);
    for (const name of needs) expect(Object.keys(faulty[0]?.patterns ?? {})).toContain(name.trim());
  });

  test.each([
    [1280, 800, 4],
    [390, 844, 10],
  ])('folded, it is on a screen of %d x %d no longer than %d screens', async (width, height, screens) => {
    await using report = await Report.of(complete, width, height);
    expect(complete.experiments.length).toBeGreaterThan(15);
    const content = await report.page.evaluate(() => document.documentElement.scrollHeight);
    expect(content).toBeLessThanOrEqual(screens * height);
  });

  test('a link to a fault unfolds its experiment, and draws its charts', async () => {
    await using report = await Report.of(sample);
    const { page } = report;
    const link = page.locator('.matrix a').first();
    const target = page.locator((await link.getAttribute('href')) as string);
    expect(await target.getAttribute('open')).toBeNull();
    expect(await target.locator('canvas').first().isVisible()).toBe(false);
    await link.click();
    await target.locator('canvas').first().waitFor({ state: 'visible' });
    expect(await target.getAttribute('open')).toBe('');
    expect(report.errors).toEqual([]);
  });

  test('says when it ran, where, with which seed, and the command that repeats it', async () => {
    await using report = await Report.of({ ...sample, interrupted: true });
    const text = await shownIn(report.page.locator('header, #run'));
    const { machine, options } = sample;
    for (const part of [
      sample.startedAt.slice(0, 10),
      machine.cpu,
      machine.redis,
      machine.node,
      'Stopped before the end',
    ])
      expect(text).toContain(part);
    expect(text).toContain(
      `npm run compare -- --seed ${sample.seed} --messages ${options.messages} --rate ${options.rate} --experiments ${options.experiments}`,
    );
  });

  test('draws every chart, and says in words what it shows', async () => {
    await using report = await Report.open(sample);
    const drawn = await report.drawn();
    expect(drawn.length).toBeGreaterThan(sample.experiments.length);
    expect(drawn.filter((pixels) => pixels < 1000)).toEqual([]);
    for (const canvas of await report.page.locator('canvas').all())
      expect(await canvas.getAttribute('aria-label')).toMatch(/^(Bar|Line)? ?[cC]hart.{20}/);
    expect(await report.page.locator('figure[hidden]').count()).toBe(0);
  });

  test('has the data of its charts also as tables', async () => {
    await using report = await Report.open(sample);
    const summaries = await report.page.locator('details summary').allInnerTexts();
    const kinds = await report.page.locator('figure').evaluateAll((all) => all.map((figure) => figure.className));
    const count = (kind: string) => kinds.filter((name) => name === `chart ${kind}`).length;
    expect(summaries.filter((text) => text === 'Latency as a table')).toHaveLength(count('latency'));
    expect(summaries.filter((text) => text === 'Deliveries over time as a table')).toHaveLength(count('timeline'));
    expect(summaries.filter((text) => text === 'These numbers as a table')).toHaveLength(1);
    const deliveries = await report.page
      .locator('details table', { has: report.page.getByText('Deliveries in the') })
      .first()
      .locator('tbody td')
      .allTextContents();
    const [timed] = sample.experiments.filter(({ patterns }) => patterns.queue?.timeline);
    const total = Object.values(timed?.patterns ?? {}).flatMap(({ timeline }) => timeline?.deliveries ?? []);
    expect(sum(deliveries.map(Number))).toBe(sum(total));
  });

  test('has header cells with a scope in every table, and names for regions that scroll', async () => {
    await using report = await Report.open(sample);
    const { page } = report;
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    expect(await page.locator('tbody tr').count()).toBe(await page.locator('tbody th[scope=row]').count());
    expect(await page.locator('.scroll:not([aria-label][tabindex="0"])').count()).toBe(0);
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('section:not([aria-labelledby])').count()).toBe(0);
  });

  test('shows the spread of several runs', async () => {
    const runs = [
      { throughput: 16_001, p99: 501 },
      { throughput: 17_002, p99: 602 },
    ];
    await using report = await Report.open(
      withMeasurements((measurement) => ({ ...measurement, throughput: 16_500, runs })),
    );
    const section = await shownIn(report.page.locator('#experiment-1'));
    expect(section).toContain('16,001–17,002');
    expect(section).toContain('501–602');
    expect(report.errors).toEqual([]);
  });

  test('says why an experiment was left out', async () => {
    const [first] = sample.experiments as [Results['experiments'][number]];
    const left = { ...first, patterns: {}, faults: [], events: [], skipped: 'failed: it is Monday' };
    await using report = await Report.open({ ...sample, experiments: [left] });
    expect(await shownIn(report.page.locator('#experiment-1'))).toContain('Left out: failed: it is Monday');
    expect(report.errors).toEqual([]);
  });

  test('says which peer has no result, and why', async () => {
    const [first] = sample.experiments as [Results['experiments'][number]];
    const failed = { ...first, failed: { bullmq: 'it is Monday' } };
    await using report = await Report.open({ ...sample, experiments: [failed] });
    const cells = await report.page.locator('summary .what').allInnerTexts();
    expect(cells).toHaveLength(Object.keys(first.patterns).length + 1);
    expect(cells.at(-1)).toBe('failed');
    expect(await shownIn(report.page.locator('#experiment-1'))).toContain('bullmq failed: it is Monday');
    expect(report.errors).toEqual([]);
  });

  test('shows untrusted texts as texts, and runs nothing in them', async () => {
    const hostile = hostileResults(`${SCRIPT}"'${DIRECTION}`);
    await using report = await Report.open(hostile);
    const { page, errors } = report;
    expect(errors).toEqual([]);
    expect(report.requests.filter((url) => !url.startsWith('data:'))).toEqual([page.url()]);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(3);
    expect(await shownIn(page.locator('main'))).toContain(SCRIPT);
    expect(await shownIn(page.locator('main'))).toContain('\\u202etxt.exe');
    expect(await page.content()).not.toContain('\u202e');
    expect((await report.drawn()).every((pixels) => pixels > 1000)).toBe(true);
  });

  test.each([360, 390, 768, 960, 1280])('fits a screen that is %d px wide', async (width) => {
    await using report = await Report.open(sample, width);
    const [content, screen] = await report.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(content).toBeLessThanOrEqual(screen as number);
    const cells = report.page.locator('.cell, .question, .needs li, .scroll td, .scroll th');
    const over = await cells.evaluateAll((all) =>
      all.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent),
    );
    expect(over).toEqual([]);
  });

  test('is dark where the system is', async () => {
    await using report = await Report.open(sample);
    const brightness = () =>
      report.page.evaluate(() => {
        const [red = 0, green = 0, blue = 0] = (
          getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []
        ).map(Number);
        return red + green + blue;
      });
    await report.page.emulateMedia({ colorScheme: 'light' });
    expect(await brightness()).toBeGreaterThan(3 * 200);
    await report.page.emulateMedia({ colorScheme: 'dark' });
    expect(await brightness()).toBeLessThan(3 * 60);
    expect((await report.drawn()).every((pixels) => pixels > 1000)).toBe(true);
  });

  test('has text that stands out from its background, light and dark', async () => {
    await using report = await Report.of(sample);
    for (const colorScheme of ['light', 'dark'] as const) {
      await report.page.emulateMedia({ colorScheme });
      expect(await report.page.evaluate(lowContrast)).toEqual([]);
    }
  });

  test('prints all sections, in light colours', async () => {
    await using report = await Report.open(sample);
    await report.page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    for (const section of await report.page.locator('section, details.experiment').all())
      expect(await section.isVisible()).toBe(true);
    const background = await report.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe('rgb(253, 253, 252)');
    expect((await report.page.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000);
    expect(report.errors).toEqual([]);
  });
});

const shownIn = async (locator: Locator) => (await locator.allInnerTexts()).join('\n');

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

const cellOf = (measurement: Measurement | undefined): string =>
  measurement ? `${cellText(measurement)} ${MARKS[measurement.verdict].sign} ${measurement.verdict}` : '-';

function withMeasurements(change: (measurement: Measurement) => Measurement): Results {
  const experiments = sample.experiments.map((experiment) => ({
    ...experiment,
    patterns: Object.fromEntries(Object.entries(experiment.patterns).map(([name, one]) => [name, change(one)])),
  }));
  return { ...sample, experiments };
}

/** The sample with a text wherever it has one, also in the names of fields. */
function hostileResults(text: string): Results {
  const replace = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return key === 'verdict' || key === 'startedAt' ? value : text;
    if (Array.isArray(value)) return value.map((part) => replace(part));
    if (typeof value !== 'object' || value === null) return value;
    const own = Object.entries(value).map(([name, part]) => [
      key === 'patterns' || key === 'figures' ? `${name}${text}` : name,
      replace(part, name),
    ]);
    return Object.fromEntries(own);
  };
  return replace({ ...sample, options: { ...sample.options, [text]: text } }) as Results;
}

/** Runs in the page: the elements whose text has a contrast below 4.5 (WCAG 2, level AA). */
function lowContrast(): string[] {
  const parse = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: readonly number[]) => {
    const [red = 0, green = 0, blue = 0] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element: Element | null): number[] => {
    if (!element) return [255, 255, 255];
    const colour = parse(getComputedStyle(element).backgroundColor);
    return colour[3] === 0 ? backgroundOf(element.parentElement) : colour.slice(0, 3);
  };
  const withText = [...document.querySelectorAll('body *')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim()),
  );
  const contrastOf = (element: Element) => {
    const colours = [parse(getComputedStyle(element).color).slice(0, 3), backgroundOf(element)];
    const [dark = 0, light = 0] = colours.map(luminance).sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  return withText
    .filter((element) => !element.matches('script, style') && contrastOf(element) < 4.5)
    .map((element) => `${element.tagName} ${element.className}: ${contrastOf(element).toFixed(2)}`);
}
