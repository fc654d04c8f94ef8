const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export const number = (value: number): string => whole.format(value);

const thousands = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** A number for where there is room for six characters. */
export const compact = (value: number): string => (value < 100_000 ? number(value) : thousands.format(value));

/** A rate: messages per second. */
export const perSecond = (value: number): string => `${value < 10 ? tenths.format(value) : whole.format(value)}/s`;

/** A time span. @param ms in ms */
export function span(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 10) return `${tenths.format(ms)} ms`;
  if (ms < 1000) return `${whole.format(ms)} ms`;
  if (ms < 60_000) return `${tenths.format(ms / 1000)} s`;
  return `${tenths.format(ms / 60_000)} min`;
}

/** The time of day, to the second. @param at ms since 1970 */
export const timeOfDay = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

/** The number of a message as it fits on a dot. */
export const short = (count: number): string => (count < 10_000 ? String(count) : `…${String(count).slice(-3)}`);
