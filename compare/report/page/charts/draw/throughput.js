import { Chart, number, scale } from './common.js';

const BAR = 26;

/** Horizontal bars with their values, and the spread of several runs as a line. */
export function throughput({ bars }, colours) {
  const most = Math.max(...bars.map(({ value, range }) => Math.max(value, range?.[1] ?? 0)));
  return {
    height: bars.length * BAR + 40,
    type: 'bar',
    data: {
      labels: bars.map(({ name }) => name),
      datasets: [
        {
          data: bars.map(({ value }) => value),
          backgroundColor: bars.map(({ colour }) => colours.pattern(colour)),
          barPercentage: 0.75,
          categoryPercentage: 1,
        },
      ],
    },
    options: {
      indexAxis: 'y',
      scales: {
        x: scale(colours, { beginAtZero: true, max: most * 1.18, ticks: { maxTicksLimit: 5, includeBounds: false } }),
        y: scale(colours, { grid: { display: false }, ticks: { color: colours.text } }),
      },
      plugins: { tooltip: { callbacks: { label: ({ dataIndex }) => spread(bars[dataIndex]) } } },
    },
    plugins: [{ id: 'values', afterDatasetsDraw: (chart) => drawValues(chart, bars, colours) }],
  };
}

const spread = ({ value, range }) =>
  `${number.format(value)}${range ? ` (${range.map((end) => number.format(end)).join(' – ')})` : ''}`;

function drawValues({ ctx, scales }, bars, colours) {
  ctx.save();
  ctx.font = `12px ${Chart.defaults.font.family}`;
  ctx.textBaseline = 'middle';
  bars.forEach(({ value, range }, index) => {
    const y = scales.y.getPixelForValue(index);
    ctx.strokeStyle = ctx.fillStyle = colours.text;
    if (range) drawWhisker(ctx, scales.x.getPixelForValue(range[0]), scales.x.getPixelForValue(range[1]), y);
    ctx.fillText(number.format(value), scales.x.getPixelForValue(Math.max(value, range?.[1] ?? 0)) + 6, y);
  });
  ctx.restore();
}

function drawWhisker(ctx, from, to, y) {
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  for (const x of [from, to]) {
    ctx.moveTo(x, y - 4);
    ctx.lineTo(x, y + 4);
  }
  ctx.moveTo(from, y);
  ctx.lineTo(to, y);
  ctx.stroke();
}
