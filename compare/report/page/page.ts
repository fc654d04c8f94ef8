import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Results } from '../../measure/result.ts';
import { patternsOf } from '../digest.ts';
import type { Chart } from './charts/charts.ts';
import { renderCostOfFaults } from './cost-of-faults.ts';
import { renderHeads } from './experiment-row.ts';
import { renderSection } from './experiment-section.ts';
import { renderHeader, renderRun } from './header.ts';
import { html, json, Markup } from './markup/markup.ts';
import { renderWhichOne } from './which-one.ts';

/** The style sheets of style/, in the order in which they go on top of each other. */
const STYLES = ['base', 'marks', 'tables', 'which-one', 'experiments', 'inside', 'narrow', 'print'];
/** The modules of charts/draw, each after those that it imports. */
const DRAW_MODULES = ['common', 'throughput', 'latency', 'timeline', 'share', 'main'];
const MODULES = new URL('../../../node_modules/', import.meta.url);

/**
 * The report as one page that needs nothing else: it opens from disk, offline. All that comes from `results` is escaped,
 * and the page forbids itself the network and all scripts but its own.
 */
export async function renderPage(results: Results): Promise<string> {
  const style = (await Promise.all(STYLES.map((name) => textOf(`style/${name}.css`)))).join('\n');
  const library = await chartLibrary();
  const script = await drawScript();
  const charts: Chart[] = [];
  const names = patternsOf(results);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy([style], [library, script])}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Redis messaging patterns, compared (${results.startedAt.slice(0, 10)})</title>
<link rel="icon" href="data:,">
<style>${inline(style, 'style')}</style>
</head>
<body>
<main>
${renderHeader(results)}
${renderWhichOne(results)}
<section id="all" aria-labelledby="all-title">
<h2 id="all-title">All questions</h2>
${renderHeads(names)}
${results.experiments.map((experiment, index) => renderSection(experiment, index, names, charts))}
</section>
${renderCostOfFaults(results, charts)}
${renderRun(results)}
</main>
<footer>Made by <code>npm run compare</code>; the same as data: results.json.</footer>
<script type="application/json" id="charts">${json(charts)}</script>
<script>${inline(library, 'script')}</script>
<script>${inline(script, 'script')}</script>
</body>
</html>
`;
  return page.text;
}

const textOf = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8');

/** The modules of charts/draw as one script: a page that is opened from disk cannot load modules. */
async function drawScript(): Promise<string> {
  const read = async (name: string) => await readFile(new URL(`charts/draw/${name}.js`, import.meta.url), 'utf8');
  const modules = await Promise.all(DRAW_MODULES.map(read));
  const parts = modules.map((module) => module.replace(/^import .*;\n/gm, '').replace(/^export /gm, ''));
  return `(() => {\n${parts.join('\n')}})();\n`;
}

/** Chart.js with its licence, and that of the library which it contains. */
async function chartLibrary(): Promise<string> {
  const read = async (path: string) => await readFile(new URL(path, MODULES), 'utf8');
  const code = await read('chart.js/dist/chart.umd.min.js');
  const licences = ['chart.js', '@kurkle/color'].map(async (name) => `${name}\n\n${await read(`${name}/LICENSE.md`)}`);
  // without the address of the source map: developer tools would ask for it
  return `/*!\n${(await Promise.all(licences)).join('\n')}*/\n${code.replace(/\n\/\/# sourceMappingURL=.*/, '')}`;
}

/** Nothing from anywhere, and only these styles and scripts. */
function policy(styles: readonly string[], scripts: readonly string[]): string {
  const hashes = (texts: readonly string[]) =>
    texts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ');
  return [
    "default-src 'none'",
    `style-src ${hashes(styles)}`,
    `script-src ${hashes(scripts)}`,
    'img-src data:', // the empty icon: without one, browsers ask the server for it
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** @throws an Error if the text would end its element */
function inline(text: string, element: 'style' | 'script'): Markup {
  if (text.toLowerCase().includes(`</${element}`) || text.includes('<!--'))
    throw new Error(`this cannot stand in a ${element} element: ${text.slice(0, 80)}`);
  return new Markup(text);
}
