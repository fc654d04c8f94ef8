/** Date, optional time, optional zone; extended (2026-07-29T10:30:15Z) or basic (20260729T103015Z) form. */
const ISO_8601 =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/** µs since 1970 → `2026-07-29T10:30:15.123456Z`. */
export function formatMicros(micros: number): string {
  const ms = Math.floor(micros / 1000);
  const rest = String(micros - ms * 1000).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}

/**
 * An ISO 8601 calendar date with or without time, fraction (any length; cut to µs) and zone (none: UTC) → µs since 1970;
 * `undefined` if it is not one or no such day or hour exists.
 */
export function parseMicros(text: string): number | undefined {
  const parts = ISO_8601.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', zone = 'Z'] = parts;
  if (+hour > 23 || +minute > 59 || +second > 60) return undefined; // :60 is a leap second
  const midnight = Date.UTC(+(year as string), +(month as string) - 1, +(day as string));
  if (new Date(midnight).getUTCDate() !== +(day as string) || +(month as string) > 12) return undefined;
  const offset = offsetMinutes(zone);
  if (offset === undefined) return undefined;
  const seconds = midnight / 1000 + (+hour * 60 + +minute - offset) * 60 + +second;
  return seconds * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
