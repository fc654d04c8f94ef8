import { SendError, type SendFailure } from './send-error.ts';

/** The promise of a batch: settled when each of its messages is. */
export class Ticket {
  readonly promise: Promise<readonly number[]>;
  readonly #receipt: number[];
  readonly #failures = new Map<number, SendFailure>();
  #left: number;
  #detail = '';
  #cause: Error | undefined;
  #resolve!: (receipt: readonly number[]) => void;
  #reject!: (error: SendError) => void;

  /** @param size how many messages it is for */
  constructor(size: number) {
    this.#left = size;
    this.#receipt = new Array(size).fill(0);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (size === 0) this.#resolve([]);
  }

  /** Redis has taken a message. @param reply what it answered */
  accepted(index: number, reply: number): void {
    this.#receipt[index] = reply;
    this.#settled();
  }

  failed(index: number, failure: SendFailure, detail: string, cause?: Error): void {
    this.#failures.set(index, failure);
    this.#detail ||= detail;
    this.#cause ??= cause;
    this.#settled();
  }

  #settled(): void {
    if (--this.#left > 0) return;
    if (this.#failures.size === 0) this.#resolve(this.#receipt);
    else this.#reject(new SendError(this.#failures, this.#receipt.length, this.#detail, this.#cause));
  }
}
