import { describe, expect, test } from '@jest/globals';
import { formatMicros, parseMicros } from '@redis-messaging/shared/message/timestamp';

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
    '1785326400',
    '29.07.2026',
  ])('refuses "%s"', (text) => {
    expect(parseMicros(text)).toBeUndefined();
  });

  test('writes microseconds and Z, and reads back what it wrote', () => {
    expect(formatMicros(NOON + 7)).toBe('2026-07-29T12:00:00.000007Z');
    for (const micros of [0, 1, 999_999, -1, NOON, NOON + 123_456, NOON + 7, NOON - 1])
      expect(parseMicros(formatMicros(micros))).toBe(micros);
  });
});
