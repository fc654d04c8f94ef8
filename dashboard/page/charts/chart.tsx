import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { readColours } from '../stage/colours.ts';
import { marks, patterns, points } from '../state/store.ts';
import { timeOfDay } from '../state/text.ts';
import type { ChartOf } from './definitions.ts';
import { isHeld } from './held.ts';

const HEIGHT = 150;
/** Steps of an axis of whole numbers. */
const WHOLE = [1, 2, 5]
  .flatMap((digit) => Array.from({ length: 8 }, (_, power) => digit * 10 ** power))
  .sort((a, b) => a - b);
/** The most and the least that is shown: seconds. */
const MOST_S = 600;
const LEAST_S = 60;

/** One chart; drawn again each second, unless the charts are held. */
export function Chart({ chart }: { readonly chart: ChartOf }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<{ readonly of: string; readonly uplot: uPlot } | undefined>(undefined);
  const all = points.value;
  const lines = chart.lines(patterns.value, all);
  const of = lines.map(({ label }) => label).join();
  useEffect(() => {
    const element = place.current as HTMLElement;
    if (isHeld.value && plot.current) return;
    const times = all.map(({ at }) => at / 1000);
    const data = [times, ...lines.map(({ value }) => all.map(value))] as uPlot.AlignedData;
    if (plot.current?.of !== of) {
      plot.current?.uplot.destroy();
      plot.current = { of, uplot: new uPlot(optionsOf(chart, lines, element), data, element) };
    } else plot.current.uplot.setData(data);
  }, [all, of]);
  useEffect(() => {
    const element = place.current as HTMLElement;
    const resized = new ResizeObserver(() =>
      plot.current?.uplot.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    resized.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const recolour = () => {
      plot.current?.uplot.destroy();
      plot.current = undefined;
    };
    dark.addEventListener('change', recolour);
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', recolour);
      recolour();
    };
  }, []);
  const last = all.at(-1);
  const values = last ? lines.map(({ label, value }) => [label, value(last)] as const) : [];
  const words = values.flatMap(([label, value]) => (value === null ? [] : `${label} ${chart.say(value)}`)).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <b>{chart.title}</b> <span>{chart.about}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${chart.title}, now: ${words || 'nothing yet'}`} />
    </figure>
  );
}

function optionsOf(chart: ChartOf, lines: ReturnType<ChartOf['lines']>, element: HTMLElement): uPlot.Options {
  const colours = readColours(element);
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const axis = { stroke: colours.soft, font, grid: { stroke: colours.line, width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: 'charts' }, points: { size: 5 }, y: false },
    scales: {
      x: { range: (_, first, last) => [Math.max(last - MOST_S, Math.min(first, last - LEAST_S)), last] },
      y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        values: (_, ticks, __, ___, step) => ticks.map((at) => timeOfDay(at * 1000).slice(0, step < 60 ? 8 : 5)),
      },
      { ...axis, size: 56, values: (_, ticks) => ticks.map(chart.say), ...(chart.isWhole && { incrs: WHOLE }) },
    ],
    series: [
      {},
      ...lines.map(({ label, tone, isDashed }) => ({
        label,
        stroke: colours.lanes[tone % colours.lanes.length] as string,
        width: isDashed ? 1 : 1.75,
        ...(isDashed && { dash: [4, 4] }),
        points: { show: false },
      })),
    ],
    hooks: { draw: [(uplot) => drawMarks(uplot, colours.bad, colours.soft)] },
  };
}

/** A line through all charts where a fault was, and a thinner one where it ended, or something was changed. */
function drawMarks({ ctx: context, bbox, valToPos }: uPlot, fault: string, other: string): void {
  context.save();
  for (const { at, kind } of marks.peek()) {
    const x = valToPos(at / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    context.strokeStyle = kind === 'fault' ? fault : other;
    context.globalAlpha = kind === 'fault' ? 0.8 : 0.35;
    context.lineWidth = devicePixelRatio * (kind === 'fault' ? 1.5 : 1);
    context.setLineDash(kind === 'end' ? [2, 3] : []);
    context.beginPath();
    context.moveTo(x, bbox.top);
    context.lineTo(x, bbox.top + bbox.height);
    context.stroke();
  }
  context.restore();
}
