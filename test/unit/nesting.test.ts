import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { decode } from '@redis-messaging/shared/message/message';
import { json } from '@redis-messaging/shared/messaging/codec';
import { excessOf, MAX_DEPTH } from '@redis-messaging/shared/text/nesting';
import { seeded } from '../../testkit/random.ts';

const DEEPER = 'nested deeper than 1,000';
const GOOD = {
  id: '550e8400-e29b-41d4-a716-446655440000',
  timestamp: '2026-07-29T10:30:15.123456Z',
  message: 'Hello',
  sender: 'me',
  count: 42,
};
const excess = (text: string, most?: number) => excessOf(Buffer.from(text), most);
const nested = (depth: number, open = '[', close = ']', core = '') => open.repeat(depth) + core + close.repeat(depth);

afterEach(() => {
  jest.restoreAllMocks();
});

describe('JSON', () => {
  test.each([
    ['arrays', '[', ']', ''],
    ['objects', '{"a":', '}', '0'],
    ['both', '[{"a":', '}]', 'null'],
    ['arrays beside others', '[[],{},"]",', ']', '[]'],
  ])('may be nested %s 1,000 deep, and no deeper', (_what, open, close, core) => {
    const each = open.startsWith('[{') ? 2 : 1;
    const inner = /[[{]/.test(core) ? 1 : 0;
    const most = nested((MAX_DEPTH - inner) / each, open, close, core);
    JSON.parse(most);
    expect(excess(most)).toBeUndefined();
    expect(excess(`[${most}]`)).toBe(DEEPER);
    expect(excess(open.repeat(MAX_DEPTH + 1))).toBe(DEEPER);
  });

  test.each([
    ['brackets in a string', `["${'['.repeat(5000)}"]`, undefined],
    ['brackets in a name', `{"${'{['.repeat(5000)}":1}`, undefined],
    ['a quote in a string', `["\\"${'['.repeat(5000)}"]`, undefined],
    ['a backslash at the end of a string', `["\\\\",${'['.repeat(5000)}`, DEEPER],
    ['two backslashes and a quote in a string', `["\\\\\\"${'['.repeat(5000)}"]`, undefined],
    ['a string that does not end', `["${'['.repeat(5000)}`, undefined],
    ['an empty string', `["",${'['.repeat(5000)}`, DEEPER],
    ['characters of several bytes', `["${'Zoë 👩‍💻['.repeat(500)}",${'['.repeat(1000)}`, DEEPER],
    ['as many closed as opened', '[]'.repeat(5000), undefined],
    ['many beside each other', `[${'[[]],'.repeat(5000)}0]`, undefined],
  ])('%s', (_what, text, expected) => {
    expect(excess(text)).toBe(expected);
  });

  test('is judged as a parser would judge it', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      const strings = ['"["', '"\\\\"', '"\\"]{"', '"{\\\\\\""', '"é[👩"', '""', '7', 'null'];
      const filler = () => strings[random(strings.length)] as string;
      const depth = MAX_DEPTH - 3 + random(7);
      let text = filler();
      let actual = 0;
      for (; actual < depth; actual++)
        text = random(2) === 0 ? `[${filler()},${text},${filler()}]` : `{${'"k["'}:${text},"z":${filler()}}`;
      JSON.parse(text);
      expect([seed, excess(text)]).toEqual([seed, actual > MAX_DEPTH ? DEEPER : undefined]);
    }
  });

  test('may be limited in arrays and objects', () => {
    const text = `[${'[{}],'.repeat(500)}0]`;
    expect(excess(text, 1001)).toBeUndefined();
    expect(excess(text, 1000)).toBe('more than 1,000 arrays and objects');
  });
});

describe('what is nested too deep, or has too many arrays and objects,', () => {
  const deep = '['.repeat(4_000_000);
  const closed = nested(1_000_000);
  const inField = JSON.stringify(GOOD).replace('}', `,"more":${nested(MAX_DEPTH)}}`);
  const wide = JSON.stringify(GOOD).replace('}', `,"more":[${'[],'.repeat(100_000)}0]}`);

  test.each([
    ['unclosed', deep, DEEPER],
    ['closed', closed, DEEPER],
    ['in a further field', inField, DEEPER],
    ['beside each other', wide, 'more than 100,000 arrays and objects'],
  ])('is no message, and is not parsed: %s', (_what, text, reason) => {
    const payload = Buffer.from(text);
    const parse = jest.spyOn(JSON, 'parse');
    expect(decode(payload)).toEqual({ ok: false, reason });
    expect(parse).not.toHaveBeenCalled();
  });

  test('is no value of JSON, if it is deep, and is not parsed', () => {
    const payloads = [deep, closed, inField].map((text) => Buffer.from(text));
    const parse = jest.spyOn(JSON, 'parse');
    for (const payload of payloads) expect(() => json().decode(payload)).toThrow(new Error(DEEPER));
    expect(parse).not.toHaveBeenCalled();
    expect(json<{ more: unknown[] }>().decode(Buffer.from(wide)).more).toHaveLength(100_001);
  });

  test('is a message with anything less', () => {
    const less = [`,"more":${nested(MAX_DEPTH - 1)}}`, `,"more":[${'[],'.repeat(99_998)}0]}`];
    for (const more of less)
      expect(decode(Buffer.from(JSON.stringify(GOOD).replace('}', more)))).toMatchObject({ ok: true, message: GOOD });
  });
});
