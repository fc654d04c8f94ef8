import { Intervals } from '@redis-messaging/shared/accounting/intervals';
import type { Ledger, StoredLedger } from '@redis-messaging/shared/accounting/ledger';
import { CountSet } from '@redis-messaging/shared/accounting/sessions/count-set';
import type { StoredSession, StoredSessionHead } from '@redis-messaging/shared/accounting/sessions/session';
import type { SessionChanges, Sessions } from '@redis-messaging/shared/accounting/sessions/sessions';
import { readChunk, readClosed, readSequences, readSession } from '@redis-messaging/shared/accounting/stored';
import { sanitize } from '@redis-messaging/shared/text/sanitize';

const SENDER = 'sender:';
const CLOSED = 'closed';
const SESSION = 'session:';
const COUNTS = 'counts:';

/** A field of the hash that holds a subscriber's account, with its value; `null` = to be removed. */
export type Field = readonly [name: string, value: string | null];

/** An account as it was read from a hash. */
export interface StoredAccount {
  readonly sessions: ReadonlyMap<string, StoredSession>;
  readonly ledger: StoredLedger;
  /** Fields that are not as an account has them, and what is wrong with each, fit to be shown. */
  readonly problems: ReadonlyMap<string, string>;
}

/**
 * The fields that have changed since the last call; one that ends with a colon stands for all that begin with it. What belongs to a
 * session has fields for each instance of the subscriber, so that two that have one name for a while take nothing from each other.
 * @param instance a name of this instance, without colons
 */
export function changedFields(ledger: Ledger, sessions: Sessions, instance: string): Field[] {
  return [...fieldsOfLedger(ledger.changes()), ...fieldsOfSessions(sessions.changes(), instance)];
}

/** Whether a field belongs to a session, and was written by another instance. */
export const isOfAnother = (field: string, instance: string): boolean =>
  (field.startsWith(SESSION) || field.startsWith(COUNTS)) && !field.endsWith(`:${instance}`);

/** Reads an account. @param parts several hashes, each with all of it as it was at some time */
export function readAccount(parts: readonly Readonly<Record<string, string>>[]): StoredAccount {
  const heads = new Map<string, StoredSessionHead[]>();
  const chunks = new Map<string, CountSet>();
  const senders = new Map<string, ReturnType<typeof readSequences>>();
  const problems = new Map<string, string>();
  let closed: Partial<ReturnType<typeof readClosed>> = {};
  for (const [field, text] of parts.flatMap((fields) => Object.entries(fields))) {
    try {
      if (field === CLOSED) closed = later(closed, readClosed(JSON.parse(text)));
      else if (field.startsWith(SENDER)) {
        const name = field.slice(SENDER.length);
        senders.set(name, laterOf(senders.get(name), readSequences(JSON.parse(text))));
      } else if (field.startsWith(SESSION)) add(heads, nameIn(field), readSession(JSON.parse(text)));
      else if (field.startsWith(COUNTS)) {
        const [, name = '', number = ''] = field.split(':');
        const counts = chunks.get(name) ?? new CountSet();
        counts.addAll({ complete: [], partial: new Map([readChunk(number, text)]) });
        chunks.set(name, counts);
      }
    } catch (error) {
      problems.set(field, sanitize(`${field}: ${(error as Error).message}`));
    }
  }
  const sessions = new Map([...heads].map(([name, all]) => [name, whole(all, chunks.get(name))]));
  return { sessions, ledger: { senders: Object.fromEntries(senders), ...closed }, problems };
}

/** Of totals that only grow, those that were stored last. */
function later(one: Partial<ReturnType<typeof readClosed>>, other: ReturnType<typeof readClosed>) {
  return (one.settled?.received ?? -1) > other.settled.received ? one : other;
}

function laterOf<Sequences extends readonly { readonly unique: number; readonly duplicated: number }[]>(
  one: Sequences | undefined,
  other: Sequences,
): Sequences {
  const total = (sequences: Sequences) => sequences.reduce((sum, each) => sum + each.unique + each.duplicated, 0);
  return one && total(one) > total(other) ? one : other;
}

/** What several instances have stored of a session, together. Each goes on with what those before it had stored. */
function whole(heads: readonly StoredSessionHead[], counts = new CountSet()): StoredSession {
  for (const { complete } of heads) counts.addAll({ complete, partial: new Map() });
  const most = (of: (head: StoredSessionHead) => number) => Math.max(...heads.map(of));
  return {
    sender: (heads[0] as StoredSessionHead).sender,
    lowest: Math.min(...heads.map(({ lowest }) => lowest)),
    highest: most(({ highest }) => highest),
    handled: counts.stored(),
    others: most(({ others }) => others),
    duplicated: most(({ duplicated }) => duplicated),
    reordered: most(({ reordered }) => reordered),
    lost: Intervals.union(heads.map(({ lost }) => lost)).toJSON(),
    dead: Intervals.union(heads.map(({ dead }) => dead)).toJSON(),
    skipped: Intervals.union(heads.map(({ skipped }) => skipped)).toJSON(),
  };
}

/** The field of a session's head. */
export const headField = (session: string, head: StoredSessionHead, instance: string): readonly [string, string] => [
  `${SESSION}${session}:${instance}`,
  JSON.stringify(head),
];

const nameIn = (field: string): string => field.split(':')[1] ?? '';

function add<Item>(lists: Map<string, Item[]>, name: string, item: Item): void {
  lists.set(name, [...(lists.get(name) ?? []), item]);
}

function fieldsOfLedger({ senders, ...closed }: StoredLedger): Field[] {
  const fields = Object.entries(senders).map(
    ([key, sequences]): Field => [SENDER + key, sequences ? JSON.stringify(sequences) : null],
  );
  return closed.settled ? [...fields, [CLOSED, JSON.stringify(closed)]] : fields;
}

function* fieldsOfSessions(changes: SessionChanges, instance: string): Generator<Field> {
  for (const [name, change] of changes) {
    if (!change) {
      yield [`${SESSION}${name}:`, null];
      yield [`${COUNTS}${name}:`, null];
      continue;
    }
    if (change.head) yield headField(name, change.head, instance);
    for (const [chunk, bits] of change.chunks)
      yield [
        `${COUNTS}${name}:${chunk}:${instance}`,
        Buffer.from(bits.buffer, bits.byteOffset, bits.length).toString('base64'),
      ];
    for (const chunk of change.gone) yield [`${COUNTS}${name}:${chunk}:${instance}`, null];
  }
}
