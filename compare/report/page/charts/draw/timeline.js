import { Chart, half, number, scale } from './common.js';

const STRIP = 58;

/** A strip for each pattern, one above the other, with a common time. */
export function timeline({ series, bucketMs, faults }, colours) {
  const most = Math.max(1, ...series.flatMap(({ values }) => values));
  const end = (series[0].values.length * bucketMs) / 1000;
  const strips = series.map((_, index) => [
    `y${index}`,
    scale(colours, {
      stack: 'strips',
      min: 0,
      max: most * 1.3, // room for the name above
      weight: series.length - index,
      grid: { drawTicks: false },
      ticks: { padding: 6, callback: (value) => (value === most ? number.format(value) : '') },
      afterBuildTicks: (axis) => {
        axis.ticks = [{ value: 0 }, { value: most }];
      },
    }),
  ]);
  return {
    height: series.length * STRIP + 62,
    type: 'line',
    data: { datasets: series.map((one, index) => strip(one, index, bucketMs, colours)) },
    options: {
      layout: { padding: { top: faults.length > 0 ? 26 : 6 } },
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: scale(colours, {
          type: 'linear',
          min: 0,
          max: end,
          grid: { display: false },
          ticks: { maxTicksLimit: 10, callback: (seconds) => `${number.format(seconds)} s` },
        }),
        ...Object.fromEntries(strips),
      },
      plugins: {
        tooltip: { callbacks: { title: ([first]) => (first ? `${number.format(first.parsed.x)} s` : '') } },
      },
    },
    plugins: [
      { id: 'names', afterDatasetsDraw: (chart) => drawNames(chart, series, colours) },
      { id: 'faults', afterDatasetsDraw: (chart) => drawFaults(chart, faults, colours) },
    ],
  };
}

function strip({ name, colour, values }, index, bucketMs, colours) {
  return {
    label: name,
    data: values.map((y, bucket) => ({ x: (bucket * bucketMs) / 1000, y })),
    yAxisID: `y${index}`,
    borderColor: colours.pattern(colour),
    backgroundColor: half(colours.pattern(colour)),
    borderWidth: 1.5,
    fill: 'origin',
    stepped: true,
    pointRadius: 0,
  };
}

function drawNames({ ctx, scales, chartArea }, series, colours) {
  ctx.save();
  ctx.font = `600 11px ${Chart.defaults.font.family}`;
  ctx.fillStyle = colours.text;
  ctx.textBaseline = 'top';
  series.forEach(({ name }, index) => {
    ctx.fillText(name, chartArea.left + 6, scales[`y${index}`].top + 5);
  });
  ctx.restore();
}

/** A line for each fault, with its number in the list of faults, and what it was where there is room. */
function drawFaults({ ctx, scales, chartArea }, faults, colours) {
  ctx.save();
  ctx.font = `11px ${Chart.defaults.font.family}`;
  ctx.strokeStyle = ctx.fillStyle = colours.fault;
  ctx.textBaseline = 'bottom';
  ctx.setLineDash([4, 3]);
  const places = faults.map(({ at }) => scales.x.getPixelForValue(at / 1000));
  faults.forEach(({ what }, index) => {
    const x = places[index];
    ctx.beginPath();
    ctx.moveTo(x, chartArea.top - 8);
    ctx.lineTo(x, chartArea.bottom);
    ctx.stroke();
    const full = `${index + 1} ${what}`;
    const room = (places[index + 1] ?? chartArea.right) - x - 8;
    ctx.fillText(ctx.measureText(full).width <= room ? full : `${index + 1}`, x - 3, chartArea.top - 10);
  });
  ctx.restore();
}
