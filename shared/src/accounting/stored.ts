import { isObject } from '../text/is-object.ts';
import { wrongField } from '../text/wrong-field.ts';
import type { Account } from './account.ts';
import type { StoredLedger } from './ledger.ts';
import type { StoredSequence } from './sequence.ts';
import { CHUNK_COUNTS } from './sessions/count-set.ts';
import type { PublishedSession } from './sessions/published.ts';
import type { Range, StoredSessionHead } from './sessions/session.ts';

/** What a ledger keeps besides its senders. */
type Closed = Required<Pick<StoredLedger, 'settled' | 'hasForgotten'>>;

/** What a field must be: completes "expected …"; and whether a value is that. */
type Check<Value> = readonly [expected: string, is: (value: unknown) => value is Value];
type Shape<Data> = { readonly [Field in keyof Data]: Check<Data[Field]> };

const whole: Check<number> = ['a whole number, 0 or more', isWhole];
const time: Check<number> = ['a whole number', (value): value is number => Number.isSafeInteger(value)];
const yesOrNo: Check<boolean> = ['true or false', (value) => typeof value === 'boolean'];
const text: Check<string> = ['a string', (value) => typeof value === 'string'];
const ranges: Check<readonly Range[]> = ['ranges of whole numbers in ascending order', areRanges];
const object: Check<object> = ['an object', isObject];

const ACCOUNT: Shape<Account> = {
  published: whole,
  received: whole,
  lost: whole,
  elsewhere: whole,
  duplicated: whole,
  reordered: whole,
};

const SEQUENCE: Shape<StoredSequence> = {
  isStray: yesOrNo,
  from: whole,
  firstId: text,
  firstCount: whole,
  lowest: whole,
  highest: whole,
  startedAt: time,
  highestMadeAt: time,
  received: ranges,
  unique: whole,
  duplicated: whole,
  reordered: whole,
  lastEntry: whole,
  lostInHand: whole,
};

const SESSION: Shape<StoredSessionHead> = {
  sender: text,
  lowest: whole,
  highest: whole,
  others: whole,
  duplicated: whole,
  reordered: whole,
  lost: ranges,
  dead: ranges,
  skipped: ranges,
  complete: ranges,
};

const PUBLISHED: Shape<PublishedSession> = {
  sender: text,
  made: whole,
  buffered: whole,
  refused: ranges,
  unconfirmed: ranges,
  at: time,
  isClosed: yesOrNo,
  mayBeLost: yesOrNo,
};

/** Chunks beyond this have counts that are no safe numbers. */
const LAST_CHUNK = Math.floor(Number.MAX_SAFE_INTEGER / CHUNK_COUNTS);

/** Reads what is stored of a session besides its chunks of counts. @throws an Error that says what is wrong, fit to be shown */
export function readSession(data: unknown): StoredSessionHead {
  const head = read(SESSION, data);
  if (head.lowest > head.highest) throw new Error('"lowest" is above "highest"');
  if (head.complete.some(([, last]) => last > LAST_CHUNK)) throw new Error('"complete" has counts that are too large');
  return head;
}

/** Reads a chunk of counts: its number, and its bits in base64. @throws an Error that says what is wrong, fit to be shown */
export function readChunk(number: string, bits: string): readonly [number: number, bits: Uint8Array] {
  if (!/^\d{1,16}$/.test(number) || Number(number) > LAST_CHUNK) throw new Error('not the number of a chunk');
  const bytes = Buffer.from(bits, 'base64');
  if (!/^[\w+/]*={0,2}$/.test(bits) || bytes.length > CHUNK_COUNTS / 8)
    throw new Error('not the bits of a chunk in base64');
  return [Number(number), new Uint8Array(bytes)];
}

/** Reads what a publisher told of a session; `undefined` for what it cannot have told. */
export function readPublished(text: string): PublishedSession | undefined {
  try {
    const told = read(PUBLISHED, JSON.parse(text));
    return told.buffered <= told.made ? told : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the sequences of a sender, as a ledger stored them, from data that anybody may have changed since.
 * @throws an Error that says what is wrong, fit to be shown
 */
export function readSequences(data: unknown): StoredSequence[] {
  if (!Array.isArray(data)) throw new Error('not an array');
  return data.map((each) => {
    const sequence = read(SEQUENCE, each);
    const { lowest, highest, received, unique } = sequence;
    const areWithin = received.every(([start, end]) => lowest <= start && end <= highest);
    if (!areWithin || unique > highest - lowest + 1)
      throw new Error('more was received than from "lowest" to "highest"');
    return sequence;
  });
}

/** Reads the totals of closed sequences in the same way. @throws an Error that says what is wrong, fit to be shown */
export function readClosed(data: unknown): Closed {
  const closed = read<{ settled: object; hasForgotten: boolean }>({ settled: object, hasForgotten: yesOrNo }, data);
  const settled = read(ACCOUNT, closed.settled);
  const { published, received, lost, elsewhere } = settled;
  if (published !== received + lost + elsewhere) throw new Error('"published" is not received + lost + elsewhere');
  return { ...closed, settled };
}

/** The fields of the shape, and no others. */
function read<Data>(shape: Shape<Data>, data: unknown): Data {
  if (!isObject(data)) throw new Error('not an object');
  const fields = Object.entries(shape) as [string, Check<unknown>][];
  const values = fields.map(([name, [expected, is]]) => {
    const value = data[name];
    if (!is(value)) throw new Error(wrongField(name, expected, value));
    return [name, value];
  });
  return Object.fromEntries(values);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function areRanges(value: unknown): value is readonly Range[] {
  if (!Array.isArray(value)) return false;
  let last = -1;
  return value.every((range) => {
    if (!Array.isArray(range) || range.length !== 2 || !range.every(isWhole)) return false;
    const [start, end] = range as [number, number];
    if (start <= last || end < start) return false;
    last = end;
    return true;
  });
}
