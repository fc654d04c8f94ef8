import { formatNumber } from './table.ts';

/** How deep JSON may be nested. */
export const MAX_DEPTH = 1000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What sets a bracket apart from a brace: `[` and `{`, `]` and `}` are the same without it. */
const BRACE = 0x20;

/**
 * Looks for what makes JSON slow to parse, before it is parsed: megabytes of brackets take a second, and memory. A payload that is too
 * short for it costs nothing, another a fraction of parsing it.
 *
 * @param most arrays and objects, in all
 * @returns what is wrong, fit to be shown, if something is
 */
export function excessOf(json: Buffer, most = Number.POSITIVE_INFINITY): string | undefined {
  if (json.length <= MAX_DEPTH) return undefined;
  let depth = 0;
  let all = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
    if (byte === QUOTE) at = endOfString(json, at);
    else if ((byte | BRACE) === 0x7b) {
      if (++depth > MAX_DEPTH) return `nested deeper than ${formatNumber(MAX_DEPTH)}`;
      if (++all > most) return `more than ${formatNumber(most)} arrays and objects`;
    } else if ((byte | BRACE) === 0x7d) depth--;
  }
  return undefined;
}

/** Where the string that begins here ends; the end of all if it does not. */
function endOfString(json: Buffer, start: number): number {
  let end = start;
  let isEscaped: boolean;
  do {
    end = json.indexOf(QUOTE, end + 1);
    if (end < 0) return json.length;
    let before = end;
    while (json[before - 1] === BACKSLASH) before--;
    isEscaped = (end - before) % 2 === 1;
  } while (isEscaped);
  return end;
}
