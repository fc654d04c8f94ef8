import { formatNumber } from './table.ts';

/** C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, BOM, tags: what can lie on a screen. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * Makes text of others fit to be shown: control and direction characters become visible escapes (`\u001b`), broken
 * surrogates become U+FFFD, and what is longer than `limit` characters is cut and marked.
 */
export function sanitize(text: string, limit = 200): string {
  const shown = text.slice(0, limit).toWellFormed().replace(UNSAFE, escapeOf);
  return text.length > limit ? `${shown}… (${formatNumber(text.length)} characters)` : shown;
}

/** As `sanitize`, in full, of a text of ours whose lines stay lines: for a line of a log, or what a terminal is to show. */
export const sanitizeLines = (text: string): string =>
  text.toWellFormed().replace(UNSAFE, (character) => (character === '\n' ? character : escapeOf(character)));

function escapeOf(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}
