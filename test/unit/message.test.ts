import { describe, expect, test } from '@jest/globals';
import { decode, encode, makeMessage } from '@redis-messaging/shared/message/message';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { hostilePayloads } from '../support/hostile.ts';

const GOOD = {
  id: '550e8400-e29b-41d4-a716-446655440000',
  timestamp: '2026-07-29T10:30:15.123456Z',
  message: 'Hello from TypeScript #42',
  sender: 'typescript-publisher',
  count: 42,
};
const read = (value: unknown) => decode(Buffer.from(JSON.stringify(value)));

describe('messages', () => {
  test('ours have the wire format, with microseconds and Z', () => {
    const message = makeMessage('me', 7);
    expect(message).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      message: 'Hello from TypeScript #7',
      sender: 'me',
      count: 7,
    });
    expect(Object.keys(message)).toEqual(['id', 'timestamp', 'message', 'sender', 'count']);
    expect(decode(Buffer.from(encode(message)))).toMatchObject({ ok: true, message });
  });

  test.each([
    ['further fields', { ...GOOD, priority: 'high', nested: { deep: [1] } }],
    ['a time without zone or fraction', { ...GOOD, timestamp: '2026-07-29T10:30:15' }],
    ['any sender', { ...GOOD, sender: 'Zoë 👩‍💻' }],
    ['an empty message', { ...GOOD, message: '' }],
    ['upper-case and version-1 UUIDs', { ...GOOD, id: 'C232AB00-9414-11EC-B3C8-9F6BDECED846' }],
    ['a count from 0', { ...GOOD, count: 0 }],
  ])('of others are accepted with %s', (_what, value) => {
    expect(read(value)).toMatchObject({ ok: true, message: { count: value.count, sender: value.sender } });
  });

  test.each(Object.keys(hostilePayloads))('hostile payload "%s" is refused with a harmless reason', (name) => {
    const decoded = decode(hostilePayloads[name] as Buffer);
    expect(decoded.ok).toBe(false);
    const reason = decoded.ok ? '' : decoded.reason;
    expect(reason).not.toBe('');
    expect(reason).toBe(sanitize(reason, 500));
    expect(({} as Record<string, unknown>).id).toBeUndefined();
  });

  test('the reason names the field, what it is, and what was expected', () => {
    expect(read({ ...GOOD, count: '5' })).toEqual({
      ok: false,
      reason: 'field "count" is "5"; expected a whole number, 0 or more',
    });
    expect(read({ ...GOOD, sender: undefined })).toEqual({ ok: false, reason: 'field "sender" is missing' });
  });
});
