/**
 * Draws the charts of the report, in the browser. The data are in the page's element `charts` (see charts.ts); they are
 * only drawn on canvases, never put into the page as markup.
 */
(() => {
  const { Chart } = window;
  const BAR = 26;
  const THIN_BAR = 8;
  const STRIP = 58;
  const PRINT_WIDTH = 680;
  const number = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
  // each line can also be told from the others without colours
  const DASHES = [[], [6, 3], [2, 2], [10, 3, 2, 3], [12, 4], [1, 3], [8, 2, 2, 2, 2, 2], [4, 6]];
  const SHAPES = ['circle', 'triangle', 'rect', 'rectRot', 'star', 'crossRot', 'cross', 'circle'];

  /** The colours of page.css as they are now: light, dark or for print. */
  function theme() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    return {
      text: colour('text'),
      quiet: colour('quiet'),
      line: colour('line'),
      fault: colour('fault'),
      pattern: (index) => colour(`p${index}`),
    };
  }

  const half = (colour) => `color-mix(in srgb, ${colour} 35%, transparent)`;

  /** A scale in quiet colours. */
  function scale(colours, more) {
    return {
      border: { display: false },
      ...more,
      grid: { color: colours.line, ...more.grid },
      ticks: { color: colours.quiet, ...more.ticks },
    };
  }

  const kinds = { throughput, latency, timeline, share };

  /** Horizontal bars with their values, and the spread of several runs as a line. */
  function throughput({ bars }, colours) {
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

  /** Percentiles come closer to 100 % with each step to the right, as the rarest messages matter most. */
  const MAX_AT = 3.7;
  const PERCENTS = [50, 90, 99, 99.9, 100];
  const place = (percent) => Math.min(-Math.log10(1 - percent / 100), MAX_AT);

  function latency({ series }, colours) {
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

  /** A strip for each pattern, one above the other, with a common time. */
  function timeline({ series, bucketMs, faults }, colours) {
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

  /** A group of thin bars for each experiment. */
  function share({ labels, series }, colours) {
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
  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawAll());
  addEventListener('beforeprint', () => {
    document.documentElement.classList.add('print');
    drawAll(PRINT_WIDTH);
  });
  addEventListener('afterprint', () => {
    document.documentElement.classList.remove('print');
    drawAll();
  });
})();
