import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { v4 as uuid } from 'uuid';
import { nowMicros } from '../accounting/clock.ts';
import { formatMicros, parseMicros } from '../accounting/timestamp.ts';
import { isObject } from '../text/is-object.ts';
import { excessOf } from '../text/nesting.ts';
import { sanitize } from '../text/sanitize.ts';
import { wrongField } from '../text/wrong-field.ts';

/** One message as it goes over the wire: a JSON object in UTF-8. Further fields are allowed and ignored. */
export interface Message {
  /** UUID. */
  readonly id: string;
  /** When it was made: ISO 8601; ours have µs and `Z`. */
  readonly timestamp: string;
  readonly message: string;
  readonly sender: string;
  /** The sender's running number, from 1. */
  readonly count: number;
  /**
   * Names the run of the sender within which it counts from 1, so that a sender that starts again, and two of one name, are told
   * apart. Ours have it; others need not.
   */
  readonly session?: string;
}

export type Decoded =
  | { readonly ok: true; readonly message: Message /** `timestamp` in µs since 1970. */; readonly madeAt: number }
  | { readonly ok: false; readonly reason: string };

/** Any UUID, of any version and variant. */
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** Text that JSON writes as it is. */
const PLAIN = /^[\w #.]*$/;

/** What is not of this form is not taken for a session. */
const SESSION = /^[\w-]{1,64}$/;

/** Arrays and objects in a message: a message needs one, further fields some more. */
const MOST_STRUCTURES = 100_000;

/** A name for a sender's run: 12 characters, 72 random bits. */
export const newSession = (): string => randomBytes(9).toString('base64url');

/** @param session left out of the message if not given */
export function makeMessage(sender: string, count: number, session?: string): Message {
  const id = uuid();
  // Makes one piece of the twenty that Node joins: while the message is in flight, they would be most of what the garbage collector moves.
  Buffer.byteLength(id);
  const timestamp = formatMicros(nowMicros());
  const message = `Hello from TypeScript #${count}`;
  // Not by spreading, which takes longer: this is done for every message.
  return session === undefined
    ? { id, timestamp, message, sender, count }
    : { id, timestamp, message, sender, count, session };
}

export const encode = (message: Message): string => JSON.stringify(message);

/**
 * An encoder for what `makeMessage` makes for one sender and session: what `encode` makes of it, in less than half the time.
 * @param session as in `makeMessage`
 */
export function encoderOf(sender: string, session?: string): (message: Message) => string {
  const ofSender = `,"sender":${JSON.stringify(sender)},"count":`;
  const ofSession = session === undefined ? '}' : `,"session":${JSON.stringify(session)}}`;
  return ({ id, timestamp, message, count }) =>
    `{"id":"${id}","timestamp":"${timestamp}","message":${quoted(message)}${ofSender}${count}${ofSession}`;
}

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** Reads a payload of anybody's. Never throws: what is not a message comes back with the reason, fit to be shown. */
export function decode(payload: Buffer): Decoded {
  if (payload.length === 0) return invalid('empty payload');
  if (!isUtf8(payload)) return invalid('not valid UTF-8');
  const excess = excessOf(payload, MOST_STRUCTURES);
  if (excess) return invalid(excess);
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (error) {
    return invalid(`not JSON: ${sanitize((error as Error).message, 120)}`);
  }
  return isObject(value) ? validate(value) : invalid('not a JSON object');
}

/** Takes over the fields of the wire format only. */
function validate({ id, timestamp, message, sender, count, session }: Record<string, unknown>): Decoded {
  if (typeof id !== 'string' || !UUID.test(id)) return wrong('id', 'a UUID', id);
  const madeAt = typeof timestamp === 'string' ? parseMicros(timestamp) : undefined;
  if (madeAt === undefined) return wrong('timestamp', 'an ISO 8601 time', timestamp);
  if (typeof message !== 'string') return wrong('message', 'a string', message);
  if (typeof sender !== 'string' || sender === '') return wrong('sender', 'a string that is not empty', sender);
  if (!Number.isSafeInteger(count) || (count as number) < 0) return wrong('count', 'a whole number, 0 or more', count);
  const valid = { id, timestamp: timestamp as string, message, sender, count: count as number };
  if (typeof session !== 'string' || !SESSION.test(session)) return { ok: true, message: valid, madeAt };
  const { timestamp: time, count: number } = valid;
  return { ok: true, message: { id, timestamp: time, message, sender, count: number, session }, madeAt };
}

/** A payload that is a message. */
export type ReceivedMessage = Extract<Decoded, { ok: true }>;

/** Reads a payload as `decode` does. @throws an Error with the reason if it is not a message */
export function decodeMessage(payload: Buffer): ReceivedMessage {
  const decoded = decode(payload);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded;
}

const invalid = (reason: string): Decoded => ({ ok: false, reason });

const wrong = (field: string, expected: string, got: unknown): Decoded => invalid(wrongField(field, expected, got));
