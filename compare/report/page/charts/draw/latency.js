import { number, scale } from './common.js';

// each line can also be told from the others without colours
const DASHES = [[], [6, 3], [2, 2], [10, 3, 2, 3], [12, 4], [1, 3], [8, 2, 2, 2, 2, 2], [4, 6]];
const SHAPES = ['circle', 'triangle', 'rect', 'rectRot', 'star', 'crossRot', 'cross', 'circle'];

/** Percentiles come closer to 100 % with each step to the right, as the rarest messages matter most. */
const MAX_AT = 3.7;
const PERCENTS = [50, 90, 99, 99.9, 100];
const place = (percent) => Math.min(-Math.log10(1 - percent / 100), MAX_AT);

export function latency({ series }, colours) {
  const values = series.flatMap(({ points }) => points.map(([, ms]) => Math.max(ms, 0.01)));
  const decade = (round, value) => 10 ** round(Math.log10(value));
  const low = decade(Math.floor, Math.min(...values));
  return {
    height: 290,
    type: 'line',
    data: { datasets: series.map((one) => latencyLine(one, colours)) },
    options: {
      scales: {
        x: scale(colours, {
          type: 'linear',
          min: 0,
          max: MAX_AT,
          afterBuildTicks: (axis) => {
            axis.ticks = PERCENTS.map((percent) => ({ value: place(percent) }));
          },
          ticks: { autoSkip: false, maxRotation: 0, callback: (_value, index) => percentName(PERCENTS[index]) },
        }),
        y: scale(colours, {
          type: 'logarithmic',
          min: low,
          max: Math.max(decade(Math.ceil, Math.max(...values)), low * 10),
          ticks: { callback: (ms) => (Number.isInteger(Math.log10(ms)) ? number.format(ms) : '') },
        }),
      },
      interaction: { mode: 'nearest', intersect: false },
      plugins: {
        legend: legend(colours),
        tooltip: {
          callbacks: {
            title: () => '',
            label: ({ dataset, raw }) => `${dataset.label}, ${percentName(raw.percent)}: ${number.format(raw.y)} ms`,
          },
        },
      },
    },
  };
}

const percentName = (percent) => (percent === 100 ? 'max' : `p${percent}`);

function latencyLine({ name, colour, points }, colours) {
  return {
    label: name,
    data: points.map(([percent, ms]) => ({ x: place(percent), y: Math.max(ms, 0.01), percent })),
    borderColor: colours.pattern(colour),
    backgroundColor: colours.pattern(colour),
    borderWidth: 2,
    borderDash: DASHES[colour],
    pointStyle: SHAPES[colour],
    pointRadius: 3,
    tension: 0.15,
  };
}

const legend = (colours) => ({
  display: true,
  position: 'bottom',
  labels: { color: colours.text, usePointStyle: true, boxHeight: 7, padding: 14 },
});
