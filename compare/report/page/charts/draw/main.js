/**
 * Draws the charts of the report, in the browser. The data are in the page's element `charts` (see charts.ts); they are only
 * drawn on canvases, never put into the page as markup.
 */
import { Chart, theme } from './common.js';
import { latency } from './latency.js';
import { share } from './share.js';
import { throughput } from './throughput.js';
import { timeline } from './timeline.js';

const PRINT_WIDTH = 680;
const kinds = { throughput, latency, timeline, share };

/** @returns a function that draws a chart anew, in the colours and, if given, the width that it is to have */
function drawerOf(chart, index) {
  const canvas = document.getElementById(`chart-${index}`);
  const box = canvas.parentElement;
  canvas.closest('figure').hidden = false;
  let drawn;
  return (width) => {
    drawn?.destroy();
    const { height, options, ...config } = kinds[chart.kind](chart, theme());
    box.style.height = `${height}px`;
    box.style.width = width ? `${chart.kind === 'share' ? width / 2 - 10 : width}px` : ''; // shares come in pairs
    drawn = new Chart(canvas, {
      ...config,
      options: { ...COMMON, ...options, plugins: { ...COMMON.plugins, ...options.plugins } },
    });
  };
}

const COMMON = {
  animation: false,
  maintainAspectRatio: false,
  plugins: { legend: { display: false } },
};

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
const charts = JSON.parse(document.getElementById('charts').textContent).map(drawerOf);
const drawAll = (width) => {
  for (const draw of charts) draw(width);
};

/** Chapters of the page that can be folded. What is folded has no size, so its charts are drawn when it is opened. */
const chapters = [...document.querySelectorAll('main details:not(.inside details)')];
const isShown = (index) => !document.getElementById(`chart-${index}`).closest('details:not([open])');
const drawShown = () => {
  for (const [index, draw] of charts.entries()) if (isShown(index)) draw();
};
for (const chapter of chapters) chapter.addEventListener('toggle', drawShown);
const openTarget = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.matches('details')) return; // none, or no chapter
  target.open = true;
  target.scrollIntoView();
};
drawShown();
openTarget();
addEventListener('hashchange', openTarget);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawShown);
let folded = [];
addEventListener('beforeprint', () => {
  folded = chapters.filter(({ open }) => !open);
  for (const chapter of folded) chapter.open = true;
  document.documentElement.classList.add('print');
  drawAll(PRINT_WIDTH);
});
addEventListener('afterprint', () => {
  document.documentElement.classList.remove('print');
  for (const chapter of folded) chapter.open = false;
  drawShown();
});
