import { describe, expect, test } from '@jest/globals';
import { formatMicros, parseMicros } from '@redis-messaging/shared/accounting/timestamp';

const NOON = Date.UTC(2026, 6, 29, 12, 0, 0) * 1000;

describe('ISO 8601 timestamps', () => {
  test.each([
    ['2026-07-29T12:00:00.123456Z', NOON + 123_456],
    ['2026-07-29T12:00:00Z', NOON],
    ['2026-07-29T12:00:00', NOON],
    ['2026-07-29 12:00:00.5', NOON + 500_000],
    ['2026-07-29T12:00:00,25z', NOON + 250_000],
    ['2026-07-29T12:00:00.123456789Z', NOON + 123_456],
    ['2026-07-29T14:00:00+02:00', NOON],
    ['2026-07-29T06:30:00-0530', NOON],
    ['2026-07-29T14:00+02', NOON],
    ['20260729T120000Z', NOON],
    ['2026-07-29T12', NOON],
    ['2026-07-29T1200', NOON],
    ['2026-07-29t12:00', NOON],
    ['2026-07-29T12Z', NOON],
    ['2026-07-29T12:00:07 Z', NOON + 7e6],
    ['2026-07-29T14:00:00 +0200', NOON],
    ['2026-07-29T12:34:56-00:00', NOON + (34 * 60 + 56) * 1e6],
    ['2026-07-29T12:00:00-00:30', NOON + 1800e6],
    ['2026-07-29T12:59:59Z', NOON + 3599e6],
    ['2026-07-29T12:00:60Z', NOON + 60e6], // a leap second
    ['2026-07-29T23:00:00Z', NOON + 11 * 3600e6],
    ['2026-07-29T23:00:00+23:00', NOON - 12 * 3600e6],
    ['2026-07-29T12:59:00+00:59', NOON],
    ['2026-12-31T12:00:00.000001Z', Date.UTC(2026, 11, 31, 12) * 1000 + 1],
    ['2026-07-29T12:00:00.1Z', NOON + 100_000],
    ['2026-07-29T12:00:00.1234567Z', NOON + 123_456],
    ['2026-07-29T14:00:00.123456+02:00', NOON + 123_456],
    ['2026-07-29', NOON - 12 * 3600e6],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29) * 1000],
    ['1969-12-31T23:59:59.5Z', -500_000],
    ['0050-06-01T00:00:00Z', Date.parse('0050-06-01T00:00:00Z') * 1000],
    ['0000-01-01', Date.parse('0000-01-01') * 1000],
  ])('reads %s', (text, micros) => {
    expect(parseMicros(text)).toBe(micros);
  });

  test.each([
    '',
    'now',
    '2026-00-10T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-99-01T00:00:00Z',
    '2026-07-00T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-99T00:00:00Z',
    '2026-07-29T24:00:00Z',
    '2026-07-29T12:60:00Z',
    '2026-07-29T12:00:61Z',
    '2026-07-29T12:00:61.123456Z',
    '20260729T120000,123.123456Z',
    '2026-07-29T12:00:00+25:00',
    '2026-07-29T12:00:00+24:00',
    '2026-07-29T12:00:00+02:60',
    '2026-07-29T12:00:00+2',
    '2026-07-29T12:00:00+020',
    '2026-07-29T12:00:00 ',
    '2026-07-29T12:00:00  Z',
    '2026-07-29T12:00:00.',
    '2026-07-29T12:00:00.Z',
    '2026-07-29T12:00:0',
    '2026-07-29T12:0',
    '2026-07-29T1',
    '2026-07-29T',
    '2026-07-29Z',
    '2026-07-29x12:00:00',
    '2026-07-2',
    '2026-7-29',
    '226-07-29',
    '12026-07-29',
    'x2026-07-29T12:00:00Z',
    '2026-07-29T12:00:00Zx',
    '2026-07-29T12:00:00X',
    '2026-07-29T12:00:00.123456Zx',
    '2026-07-29T12:00:00x.123456Z',
    '2026-07-29T12:00:00.12345xZ',
    '1785326400',
    '29.07.2026',
  ])('refuses "%s"', (text) => {
    expect(parseMicros(text)).toBeUndefined();
  });

  test('reads nothing into a second that it has read before', () => {
    expect(parseMicros('2026-07-29T12:00:00.123456Z')).toBe(NOON + 123_456);
    expect(parseMicros('2026-07-29T12:00:00.000007Z')).toBe(NOON + 7);
    expect(parseMicros('2026-07-29T12:00:01.000007Z')).toBe(NOON + 1_000_007);
    expect(parseMicros('2026-07-29T12:00:00.999999Z')).toBe(NOON + 999_999);
    for (const other of ['.123456Zx', 'x.123456Z', '.abcdefZ', ' 123456Z'])
      expect([other, parseMicros(`2026-07-29T12:00:00${other}`)]).toEqual([other, undefined]);
  });

  test('reads the same when it reads the same again', () => {
    const read = (fraction: string) => parseMicros(`2026-07-29T12:00:00${fraction}`);
    for (const _ of [1, 2])
      expect([read('.5Z'), read('.12345Z'), read('.123456z'), read('.123456+02:00')]).toEqual([
        NOON + 500_000,
        NOON + 123_450,
        NOON + 123_456,
        NOON + 123_456 - 7200e6,
      ]);
  });

  test('that are none are none again', () => {
    expect(parseMicros('2026-02-30T12:00:00.123456Z')).toBeUndefined();
    expect(parseMicros('2026-02-30T12:00:00.123456Z')).toBeUndefined();
  });

  test('writes microseconds and Z, and reads back what it wrote', () => {
    expect(formatMicros(NOON + 7)).toBe('2026-07-29T12:00:00.000007Z');
    expect(formatMicros(NOON + 8)).toBe('2026-07-29T12:00:00.000008Z');
    expect(formatMicros(NOON + 1_000_000)).toBe('2026-07-29T12:00:01.000000Z');
    expect(formatMicros(NOON)).toBe('2026-07-29T12:00:00.000000Z');
    for (const micros of [0, 1, 999_999, -1, NOON, NOON + 123_456, NOON + 7, NOON - 1])
      expect(parseMicros(formatMicros(micros))).toBe(micros);
  });
});
