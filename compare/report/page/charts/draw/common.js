export const { Chart } = window;
export const number = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

/** The colours of style/ as they are now: light, dark or for print. */
export function theme() {
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

export const half = (colour) => `color-mix(in srgb, ${colour} 35%, transparent)`;

/** A scale in quiet colours. */
export function scale(colours, more) {
  return {
    border: { display: false },
    ...more,
    grid: { color: colours.line, ...more.grid },
    ticks: { color: colours.quiet, ...more.ticks },
  };
}
