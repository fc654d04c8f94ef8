import { number, scale } from './common.js';

const THIN_BAR = 8;

/** A group of thin bars for each experiment. */
export function share({ labels, series }, colours) {
  return {
    height: labels.length * (series.length * THIN_BAR + 12) + 40,
    type: 'bar',
    data: {
      labels,
      datasets: series.map(({ name, colour, values }) => ({
        label: name,
        data: values.map((value) => value || null), // nothing has no bar, and little has one that is seen
        backgroundColor: colours.pattern(colour),
        barPercentage: 0.9,
        categoryPercentage: 0.82,
        minBarLength: 2,
      })),
    },
    options: {
      indexAxis: 'y',
      scales: {
        x: scale(colours, { beginAtZero: true, ticks: { maxTicksLimit: 6, callback: (value) => `${value} %` } }),
        y: scale(colours, { grid: { display: false }, ticks: { color: colours.text, autoSkip: false } }),
      },
      plugins: {
        tooltip: { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${number.format(raw)} %` } },
      },
    },
  };
}
