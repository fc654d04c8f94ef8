/** Date, optional time, optional zone; extended (2026-07-29T10:30:15Z) or basic (20260729T103015Z) form. */
const ISO_8601 =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(?: ?([Zz]|[+-]\d\d(?::?\d\d)?))?)?$/;

/** What follows the second in the form that we write: six digits and `Z`. */
const OUR_FRACTION = /^\.\d{6}Z$/;
const OUR_SECOND_LENGTH = '2026-07-29T10:30:15'.length;

// Of many messages a second, nearly all share their second with the one before: it is written, and read, only once.
let written = { second: Number.NaN, text: '' };
let read = { text: '', micros: 0 };

/** µs since 1970 → `2026-07-29T10:30:15.123456Z`. */
export function formatMicros(micros: number): string {
  const second = Math.floor(micros / 1_000_000);
  if (second !== written.second) written = { second, text: new Date(second * 1000).toISOString().slice(0, -5) };
  return `${written.text}.${String(micros - second * 1_000_000).padStart(6, '0')}Z`;
}

/**
 * An ISO 8601 calendar date with or without time, fraction (any length; cut to µs) and zone (none: UTC) → µs since 1970;
 * `undefined` if it is not one or no such day or hour exists.
 */
export function parseMicros(text: string): number | undefined {
  const fraction = text.slice(OUR_SECOND_LENGTH);
  if (!OUR_FRACTION.test(fraction)) return parseAny(text);
  const micros = Number(fraction.slice(1, 7));
  const second = text.slice(0, OUR_SECOND_LENGTH);
  if (second === read.text) return read.micros + micros;
  const parsed = parseAny(text);
  if (parsed !== undefined) read = { text: second, micros: parsed - micros };
  return parsed;
}

function parseAny(text: string): number | undefined {
  const parts = ISO_8601.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', zone = ''] = parts;
  if (+hour > 23 || +minute > 59 || +second > 60) return undefined; // :60 is a leap second
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(+(year as string), +(month as string) - 1, +(day as string));
  if (new Date(midnight).getUTCMonth() !== +(month as string) - 1) return undefined; // no such month, or no such day in it
  const offset = offsetMinutes(zone);
  if (offset === undefined) return undefined;
  const seconds = midnight / 1000 + (+hour * 60 + +minute - offset) * 60 + +second;
  return seconds * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** Of `Z`, `z` or no zone: 0, since nothing of a number is left in them. */
function offsetMinutes(zone: string): number | undefined {
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', ''));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
