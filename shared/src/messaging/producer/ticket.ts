import { SendError, type SendFailure } from './send-error.ts';

/** The promise of messages that were sent together: settled when each of them is. */
export class Ticket {
  readonly promise: Promise<readonly number[]>;
  readonly #size: number;
  readonly #failures = new Map<number, SendFailure>();
  #receipt: number[] | undefined;
  #left: number;
  #detail = '';
  #cause: Error | undefined;
  #resolve!: (receipt: readonly number[]) => void;
  #reject!: (error: SendError) => void;

  /** @param size how many messages it is for */
  constructor(size: number) {
    this.#size = size;
    this.#left = size;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (size === 0) this.#resolve([]);
  }

  /** Redis has taken messages. @param first the place of the first @param replies what it answered to each */
  accepted(first: number, replies: readonly number[]): void {
    if (replies.length === this.#size) {
      this.#resolve(replies);
      return;
    }
    this.#receipt ??= new Array(this.#size).fill(0);
    for (let index = 0; index < replies.length; index++) this.#receipt[first + index] = replies[index] as number;
    this.#settled(replies.length);
  }

  /** Messages were not sent. @param first the place of the first */
  failed(first: number, count: number, failure: SendFailure, detail: string, cause?: Error): void {
    for (let place = first; place < first + count; place++) this.#failures.set(place, failure);
    this.#detail ||= detail;
    this.#cause ??= cause;
    this.#settled(count);
  }

  #settled(messages: number): void {
    this.#left -= messages;
    if (this.#left > 0) return;
    if (this.#failures.size === 0) this.#resolve(this.#receipt ?? []);
    else this.#reject(new SendError(this.#failures, this.#size, this.#detail, this.#cause));
  }
}
