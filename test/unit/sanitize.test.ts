import { describe, expect, test } from '@jest/globals';
import { sanitize } from '@redis-messaging/shared/text/sanitize';

/** By the properties that Unicode gives to characters: what must not reach a terminal as it is. */
const HARMFUL = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff\u{e0000}-\u{e007f}]/u;

function* charactersFrom(first: number, last: number): Generator<string> {
  for (let code = first; code <= last; code++) if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code);
}

describe('text of others', () => {
  test.each([
    ['an ANSI colour', 'a\u001b[31mb', 'a\\u001b[31mb'],
    ['NUL, DEL and C1', '\0\u007f\u009b', '\\u0000\\u007f\\u009b'],
    ['line breaks', 'a\r\nb\u2028c\u2029', 'a\\u000d\\u000ab\\u2028c\\u2029'],
    ['marks of direction', '\u061c\u200e\u200f', '\\u061c\\u200e\\u200f'],
    ['embeddings and overrides', '\u202a\u202b\u202c\u202d\u202e', '\\u202a\\u202b\\u202c\\u202d\\u202e'],
    ['isolates', '\u2066\u2067\u2068\u2069', '\\u2066\\u2067\\u2068\\u2069'],
    ['a byte order mark', '\ufeffx', '\\ufeffx'],
    ['tags, which nobody sees', '\u{e0001}\u{e0041}\u{e007f}', '\\u{e0001}\\u{e0041}\\u{e007f}'],
    ['a broken surrogate', '\ud800x', '\ufffdx'],
    ['letters of any language, and what joins them', 'Zoë 👩‍💻 日本 שלום', 'Zoë 👩‍💻 日本 שלום'],
  ])('%s', (_what, text, shown) => {
    expect(sanitize(text)).toBe(shown);
  });

  test('of all characters, those that may do harm become escapes, and no others', () => {
    const wrong: string[] = [];
    for (const range of [charactersFrom(0, 0xffff), charactersFrom(0xdff00, 0xe0200)])
      for (const character of range)
        if ((sanitize(character) !== character) !== HARMFUL.test(character))
          wrong.push((character.codePointAt(0) as number).toString(16));
    expect(wrong).toEqual([]);
  });

  test('is cut only if it is longer than the limit, and then says how long it was', () => {
    expect(sanitize('x'.repeat(5), 5)).toBe('xxxxx');
    expect(sanitize('x'.repeat(6), 5)).toBe('xxxxx… (6 characters)');
    expect(sanitize('x'.repeat(3000), 5)).toBe('xxxxx… (3,000 characters)');
    expect(sanitize('x'.repeat(200))).toBe('x'.repeat(200));
    expect(sanitize('x'.repeat(201))).toBe(`${'x'.repeat(200)}… (201 characters)`);
  });

  test('does not end with half a character', () => {
    expect(sanitize('ab👩', 3)).toBe('ab\ufffd… (4 characters)');
  });
});
