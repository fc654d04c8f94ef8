import { expect, test } from '@jest/globals';
import { decodeMessage } from '@redis-messaging/shared/message/message';
import { mostBytes, outgoingOf } from '../../publisher/src/outgoing.ts';

test('a message is filled up on the wire only, so that a large one is held once', () => {
  const { message, payload } = outgoingOf('Zoë 👩‍💻', 1_000_000)(7, 0);
  expect(Buffer.byteLength(payload)).toBe(1_000_000);
  expect(JSON.stringify(message).length).toBeLessThan(300);
  const sent = decodeMessage(Buffer.from(payload)).message;
  expect({ ...sent, message: '' }).toEqual({ ...message, message: '' });
  expect(sent.message).toMatch(/^Hello from TypeScript #7\.+$/);
});

test.each([0, 100, 1000])('of size %d, none of a sender has more bytes than it can have', (size) => {
  const sender = 'Zoë 👩‍💻';
  const most = mostBytes(sender, size);
  for (const count of [1, 1e9, Number.MAX_SAFE_INTEGER])
    expect(Buffer.byteLength(outgoingOf(sender, size)(count, 0).payload)).toBeLessThanOrEqual(most);
  expect(Buffer.byteLength(outgoingOf(sender, size)(Number.MAX_SAFE_INTEGER, 0).payload)).toBe(most);
});
