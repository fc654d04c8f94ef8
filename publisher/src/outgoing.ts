import { encode, type Message, makeMessage, newSession } from '@redis-messaging/shared/message/message';
import type { Codec } from '@redis-messaging/shared/messaging/codec';

/** A message on its way, with its text on the wire: one for all patterns. */
export interface OutgoingMessage {
  /** Without what its text is filled up with: a large message is held once. */
  readonly message: Message;
  readonly payload: string;
  /** How much later than due it was made: ms. */
  readonly lateMs: number;
}

/** The publisher only sends: what it made is encoded already. */
export const outgoingCodec: Codec<OutgoingMessage, never> = {
  encode: ({ payload }) => payload,
  decode: () => {
    throw new Error('a publisher receives nothing');
  },
  idOf: ({ message }) => message.id,
};

/** The session of this process: all its messages name it. */
export const SESSION = newSession();

/**
 * Makes a message.
 * @param size its text is filled up to at least this many bytes on the wire
 * @param text in place of the usual one
 */
export function makeOutgoing(sender: string, count: number, lateMs: number, size = 0, text?: string): OutgoingMessage {
  const usual = makeMessage(sender, count, SESSION);
  const message = text === undefined ? usual : { ...usual, message: text };
  const payload = encode(message);
  const missing = size === 0 ? 0 : size - Buffer.byteLength(payload);
  if (missing <= 0) return { message, payload, lateMs };
  return { message, payload: encode({ ...message, message: message.message + '.'.repeat(missing) }), lateMs };
}

/** The most bytes that such a message of this sender has on the wire. */
export const mostBytes = (sender: string, size: number): number =>
  Buffer.byteLength(makeOutgoing(sender, Number.MAX_SAFE_INTEGER, 0, size).payload);
