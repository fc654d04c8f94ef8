import { describe, expect, test } from '@jest/globals';
import {
  decode,
  decodeMessage,
  encode,
  encoderOf,
  makeMessage,
  newSession,
} from '@redis-messaging/shared/message/message';
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
    ['me', undefined],
    ['Zoë "👩‍💻" \\ \u2028', 'session-1'],
  ])('of the sender %j are encoded at once as JSON.stringify does it', (sender, session) => {
    const encodeOurs = encoderOf(sender, session);
    const message = makeMessage(sender, 7, session);
    for (const text of [message.message, '', 'dots…', '"quoted"', 'a\\b', 'line\nbreak', '\ud800', '<b> \u0007'])
      expect(encodeOurs({ ...message, message: text })).toBe(encode({ ...message, message: text }));
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

  test.each<[string, unknown, string]>([
    ['id', '550e8400-e29b-41d4-a716-44665544000', 'is "550e8400-e29b-41d4-a716-44665544000"; expected a UUID'],
    ['id', 7, 'is 7; expected a UUID'],
    ['id', [GOOD.id], 'is an array; expected a UUID'],
    ['timestamp', '2026-02-30', 'is "2026-02-30"; expected an ISO 8601 time'],
    ['timestamp', 1785326400, 'is 1785326400; expected an ISO 8601 time'],
    ['message', true, 'is true; expected a string'],
    ['message', undefined, 'is missing'],
    ['sender', '', 'is ""; expected a string that is not empty'],
    ['sender', ['me'], 'is an array; expected a string that is not empty'],
    ['sender', { name: 'me' }, 'is object; expected a string that is not empty'],
    ['sender', null, 'is null; expected a string that is not empty'],
    ['sender', undefined, 'is missing'],
    ['count', '5', 'is "5"; expected a whole number, 0 or more'],
    ['count', -1, 'is -1; expected a whole number, 0 or more'],
    ['count', 1.5, 'is 1.5; expected a whole number, 0 or more'],
    ['count', 2 ** 53, 'is 9007199254740992; expected a whole number, 0 or more'],
    ['message', 7e9, 'is 7000000000; expected a string'],
    ['count', 'x'.repeat(50), `is "${'x'.repeat(39)}… (52 characters); expected a whole number, 0 or more`],
    ['count', '\u202e5', 'is "\\u202e5"; expected a whole number, 0 or more'],
  ])('the reason names the field, what it is, and what was expected: %s = %j', (field, value, reason) => {
    expect(read({ ...GOOD, [field]: value })).toEqual({ ok: false, reason: `field "${field}" ${reason}` });
  });

  test.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'empty payload'],
    ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22]), 'not valid UTF-8'],
    ['an array', Buffer.from('[]'), 'not a JSON object'],
    ['null', Buffer.from('null'), 'not a JSON object'],
    ['a number', Buffer.from('7'), 'not a JSON object'],
    ['a string', Buffer.from('"text"'), 'not a JSON object'],
    ['text', Buffer.from('hello'), 'not JSON: Unexpected token \'h\', "hello" is not valid JSON'],
  ])('%s is not a message, and why', (_what, payload, reason) => {
    expect(decode(payload)).toEqual({ ok: false, reason });
  });

  test('the reason stays short', () => {
    const decoded = decode(Buffer.from(`{"${'x'.repeat(500)}`));
    expect(decoded.ok ? '' : decoded.reason.length).toBeLessThan(160);
  });

  test.each([
    'x550e8400-e29b-41d4-a716-446655440000',
    '550e8400-e29b-41d4-a716-446655440000x',
    '50e8400-e29b-41d4-a716-446655440000',
    '550e8400-e29-41d4-a716-446655440000',
    '550e8400-e29b-41d-a716-446655440000',
    '550e8400-e29b-41d4-a71-446655440000',
    '550e8400-e29b-41d4-a716-44665544000',
    '550e8400e29b41d4a716446655440000',
    'g50e8400-e29b-41d4-a716-446655440000',
    '550e8400-g29b-41d4-a716-446655440000',
    '550e8400-e29b-g1d4-a716-446655440000',
    '550e8400-e29b-41d4-g716-446655440000',
    '550e8400-e29b-41d4-a716-g46655440000',
  ])('%s is no UUID', (id) => {
    expect(read({ ...GOOD, id }).ok).toBe(false);
  });

  test('what is read is when it was made, and the fields of the wire format only', () => {
    expect(read({ ...GOOD, priority: 'high' })).toEqual({
      ok: true,
      message: GOOD,
      madeAt: Date.UTC(2026, 6, 29, 10, 30, 15) * 1000 + 123_456,
    });
    expect(read({ ...GOOD, count: Number.MAX_SAFE_INTEGER }).ok).toBe(true);
  });

  test('a session is read where it is one; anything else in its place is a further field, and ignored', () => {
    const session = newSession();
    expect(read({ ...GOOD, session })).toMatchObject({ ok: true, message: { ...GOOD, session } });
    expect(newSession()).not.toBe(session);
    expect(makeMessage('me', 1, session).session).toBe(session);
    for (const other of ['', 'x'.repeat(65), 'a b', 7, null, {}])
      expect(read({ ...GOOD, session: other })).toMatchObject({ ok: true, message: GOOD });
    for (const other of ['x', 'x'.repeat(64), 'a-b_C9'])
      expect(read({ ...GOOD, session: other })).toHaveProperty('message.session', other);
  });

  test('who wants a message or an error gets the one or the other', () => {
    const payload = Buffer.from(JSON.stringify(GOOD));
    expect(decodeMessage(payload)).toEqual(decode(payload));
    expect(() => decodeMessage(Buffer.from('[]'))).toThrow(new Error('not a JSON object'));
  });
});
