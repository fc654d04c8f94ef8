import { encoderOf, type Message, makeMessage, newSession } from '@redis-messaging/shared/message/message';
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
 * How to make the messages of a sender.
 * @param size their text is filled up to at least this many bytes on the wire
 * @returns makes a message, given its count, how much later than due it is (ms), and a text in place of the usual one
 */
export function outgoingOf(
  sender: string,
  size = 0,
): (count: number, lateMs: number, text?: string) => OutgoingMessage {
  const encode = encoderOf(sender, SESSION);
  return (count, lateMs, text) => {
    const usual = makeMessage(sender, count, SESSION);
    const message = text === undefined ? usual : { ...usual, message: text };
    const payload = encode(message);
    const missing = size === 0 ? 0 : size - Buffer.byteLength(payload);
    if (missing <= 0) return { message, payload, lateMs };
    return { message, payload: encode({ ...message, message: message.message + '.'.repeat(missing) }), lateMs };
  };
}

/** The most bytes that such a message of this sender has on the wire. */
export const mostBytes = (sender: string, size: number): number =>
  Buffer.byteLength(outgoingOf(sender, size)(Number.MAX_SAFE_INTEGER, 0).payload);
