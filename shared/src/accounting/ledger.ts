import { createHash } from 'node:crypto';
import type { Account, Entry } from './account.ts';
import { Sequence, type StoredSequence } from './sequence.ts';

/** More senders than this are not told apart at one time: the oldest is settled, its stats stay in the totals. */
const MAX_SENDERS = 1000;
/** sequences of one sender that are kept open for late messages. */
const MAX_SEQUENCES = 8;
/** A sequence of which nothing came among this many messages is over: a message that would continue it belongs to a newer one. */
const OVER_AFTER = 1000;
const LONGEST_KEY = 200;

/** A ledger in parts that can be stored each for itself as JSON: the sequences of each sender, and the totals of those forgotten. */
export interface StoredLedger {
  /** By the sender's key; `null` = forgotten, remove it. */
  readonly senders: Readonly<Record<string, readonly StoredSequence[] | null>>;
  /** The totals of sequences that are closed, and whether senders have been forgotten; only if they have changed. */
  readonly settled?: Account;
  readonly hasForgotten?: boolean;
}

/**
 * Counts what was received, lost, duplicated and reordered, exactly, by sender and count, in bounded memory. A sender
 * that starts again from 1 begins a new sequence.
 */
export class Ledger {
  readonly #shared: boolean;
  readonly #senders = new Map<string, Sequence[]>();
  readonly #settled = emptyAccount();
  #entries = 0;
  #latestSender: string | undefined;
  readonly #changed = new Set<string>();
  #settledHasChanged = false;
  #hasForgotten = false;

  constructor(guarantees: { readonly audience: 'every-subscriber' | 'one-subscriber' }) {
    this.#shared = guarantees.audience === 'one-subscriber';
  }

  /** Books a message that was received and handled. */
  receive(entry: Entry): 'new' | 'duplicate' | 'reordered' {
    return this.#sequenceOf(entry).receive(entry);
  }

  /** Books a message that this subscriber got to see but did not handle, and that nobody will deliver again. */
  lose(entry: Entry): void {
    this.#sequenceOf(entry).lose(entry);
  }

  /** @param alone whether nobody shares the messages, so that what is missing is lost */
  account(alone = false): Account {
    const total = { ...this.#settled };
    for (const sequences of this.#senders.values()) {
      for (const sequence of sequences) addAccount(total, sequence.account(this.#shared && !alone));
    }
    return total;
  }

  /** What has changed since the last call, to be stored. */
  changes(): StoredLedger {
    // A dictionary from the start: any other object would get a hidden class of its own for each new sender, which takes long.
    const senders: Record<string, readonly StoredSequence[] | null> = Object.create(null);
    for (const key of this.#changed)
      senders[key] = this.#senders.get(key)?.map((sequence) => sequence.toJSON()) ?? null;
    this.#changed.clear();
    this.#latestSender = undefined;
    const closed = { settled: { ...this.#settled }, hasForgotten: this.#hasForgotten };
    const hasChanged = this.#settledHasChanged;
    this.#settledHasChanged = false;
    return { senders, ...(hasChanged && closed) };
  }

  /** Takes over what was stored. To be called before anything is booked. */
  restore({ senders, settled, hasForgotten = false }: StoredLedger): void {
    for (const [key, stored] of Object.entries(senders)) {
      const sequences = (stored ?? []).map(Sequence.restore);
      this.#senders.set(key, sequences);
      this.#entries = Math.max(this.#entries, ...sequences.map((sequence) => sequence.lastEntry));
    }
    Object.assign(this.#settled, settled);
    this.#hasForgotten = hasForgotten;
  }

  #sequenceOf(entry: Entry): Sequence {
    const sequences = this.#sequencesOf(keyOf(entry.sender));
    const sequence = this.#openSequenceFor(entry, sequences) ?? this.#begin(sequences, entry);
    sequence.lastEntry = ++this.#entries;
    return sequence;
  }

  /** Two publishers may go by one name at the same time, so the sequence that a message continues comes before the newest. */
  #openSequenceFor(entry: Entry, sequences: readonly Sequence[]): Sequence | undefined {
    const continued = sequences.findLast(
      (sequence) => sequence.isContinuedBy(entry) && this.#entries - sequence.lastEntry < OVER_AFTER,
    );
    if (continued) return continued;
    const sound = sequences.filter((sequence) => !sequence.isStray);
    const latest = sound.findLast((sequence) => sequence.startedAt <= entry.madeAt) ?? sound.at(-1);
    return latest?.isOutgrownBy(entry) ? undefined : latest;
  }

  /** The sequences of a sender, which thereby becomes the last to be forgotten. */
  #sequencesOf(sender: string): Sequence[] {
    const sequences = this.#senders.get(sender) ?? [];
    if (sender === this.#latestSender) return sequences;
    this.#latestSender = sender;
    this.#changed.add(sender);
    this.#senders.delete(sender);
    this.#senders.set(sender, sequences);
    if (this.#senders.size > MAX_SENDERS) this.#forgetOldest();
    return sequences;
  }

  #forgetOldest(): void {
    const [oldest, sequences] = this.#senders.entries().next().value as [string, Sequence[]];
    for (const sequence of sequences) this.#settle(sequence);
    this.#senders.delete(oldest);
    this.#changed.add(oldest);
    this.#hasForgotten = true;
  }

  #begin(sequences: Sequence[], entry: Entry): Sequence {
    // A sender that seems new may have been forgotten: what came before is in the totals already.
    const isStray = sequences.some((sequence) => sequence.isImplausible(entry.count));
    const sequence = Sequence.beginWith(entry, this.#hasForgotten || isStray ? entry.count : 1, isStray);
    sequences.push(sequence);
    if (sequences.length > MAX_SEQUENCES) this.#settle(sequences.shift() as Sequence);
    return sequence;
  }

  #settle(sequence: Sequence): void {
    addAccount(this.#settled, sequence.account(this.#shared));
    this.#settledHasChanged = true;
  }
}

/** A sender's name may be of any length; what is kept of it may not. */
function keyOf(sender: string): string {
  return sender.length > LONGEST_KEY ? createHash('sha256').update(sender).digest('base64') : sender;
}

function emptyAccount(): Account {
  return { published: 0, received: 0, lost: 0, elsewhere: 0, duplicated: 0, reordered: 0 };
}

function addAccount(total: Account, part: Account): void {
  for (const key of Object.keys(total) as (keyof Account)[]) total[key] += part[key];
}
