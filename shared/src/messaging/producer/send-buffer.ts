import { formatNumber } from '../../text/table.ts';
import { Batch, type Outgoing } from './outgoing.ts';

/** What a producer has taken in and is not settled, in order: it waits, or it is in flight. Bounded in messages and in bytes. */
export class SendBuffer<Value> {
  readonly #messageLimit: number;
  readonly #byteLimit: number;
  readonly #inFlight = new Set<Batch<Value>>();
  #waiting: Outgoing<Value>[] = [];
  #waitingMessages = 0;
  #messages = 0;
  #bytes = 0;

  constructor(messageLimit: number, byteLimit: number) {
    this.#messageLimit = messageLimit;
    this.#byteLimit = byteLimit;
  }

  /** Messages that wait or are in flight. */
  get messages(): number {
    return this.#messages;
  }

  get waitingMessages(): number {
    return this.#waitingMessages;
  }

  get inFlight(): ReadonlySet<Batch<Value>> {
    return this.#inFlight;
  }

  /** Whether this much fits. Anything does when there is nothing else: a message larger than the limit would wait without end. */
  hasRoomFor(messages: number, bytes: number): boolean {
    if (this.#messages === 0) return true;
    return this.#messages + messages <= this.#messageLimit && this.#bytes + bytes <= this.#byteLimit;
  }

  get isHalfFull(): boolean {
    return 2 * this.#messages > this.#messageLimit || 2 * this.#bytes > this.#byteLimit;
  }

  /** How many of these, from the first on, fit. The first one always does when there is nothing else. */
  fitting({ length, bytes, sizes }: Outgoing<Value>): number {
    const room = Math.min(length, this.#messageLimit - this.#messages);
    if (room === length && this.#bytes + bytes <= this.#byteLimit) return length;
    let fitting = 0;
    for (let used = this.#bytes; fitting < room; fitting++) {
      used += sizes[fitting] as number;
      if (used > this.#byteLimit && this.#messages + fitting > 0) break;
    }
    return fitting;
  }

  /** Which limit is in the way. */
  get fullness(): string {
    const limit =
      this.#messages >= this.#messageLimit
        ? `bufferLimit is ${formatNumber(this.#messageLimit)} messages`
        : `bufferBytes is ${formatNumber(this.#byteLimit)}`;
    return `the buffer is full: ${limit}`;
  }

  /** Takes messages in, behind all others. */
  add(outgoing: Outgoing<Value>): void {
    this.#waiting.push(outgoing);
    this.#waitingMessages += outgoing.length;
    this.#count(outgoing, 1);
  }

  /** Takes in again what was in flight, in its old place. */
  addAgain(batch: Batch<Value>): void {
    this.#waiting = [...batch.parts, ...this.#waiting].sort((a, b) => a.place - b.place);
    this.#waitingMessages += batch.length;
    this.#count(batch, 1);
  }

  /** The next batch, which is in flight from now on. @param bytes at the most, if there are several messages */
  takeOff(messages: number, bytes: number): Batch<Value> {
    const batch = Batch.takeFrom(this.#waiting, messages, bytes);
    this.#waitingMessages -= batch.length;
    this.#inFlight.add(batch);
    return batch;
  }

  /** A batch is no longer in flight. */
  landed(batch: Batch<Value>): void {
    this.#inFlight.delete(batch);
    this.#count(batch, -1);
  }

  /** Gives up all that waits. */
  removeWaiting(): Outgoing<Value>[] {
    for (const outgoing of this.#waiting) this.#count(outgoing, -1);
    this.#waitingMessages = 0;
    return this.#waiting.splice(0);
  }

  #count({ length, bytes }: { readonly length: number; readonly bytes: number }, sign: 1 | -1): void {
    this.#messages += sign * length;
    this.#bytes += sign * bytes;
  }
}
