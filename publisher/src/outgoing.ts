import { encode, type Message, makeMessage } from '@redis-messaging/shared/message/message';

/** A message on its way, with its text on the wire. */
export interface Outgoing {
  readonly message: Message;
  readonly payload: string;
  /** How much later than due it was made: ms. */
  readonly lateMs: number;
}

/** Makes a message. @param size its text is filled up to at least so many bytes on the wire */
export function makeOutgoing(sender: string, count: number, lateMs: number, size = 0): Outgoing {
  const message = makeMessage(sender, count);
  const payload = encode(message);
  const missing = size === 0 ? 0 : size - Buffer.byteLength(payload);
  if (missing <= 0) return { message, payload, lateMs };
  const filled = { ...message, message: message.message + '.'.repeat(missing) };
  return { message: filled, payload: encode(filled), lateMs };
}
