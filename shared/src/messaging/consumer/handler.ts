import type { Incoming } from '../events.ts';

/** What a handler is told besides the message. */
export interface HandlerContext {
  /** The message's id: as the codec knows it, else as Redis calls it. */
  readonly id: string | undefined;
  /** How often the message has been delivered, this time included. */
  readonly attempt: number;
  /**
   * Aborts when the handler is to give up: it has taken longer than `handlerTimeoutMs`, the consumer must end, or the message is no
   * longer this consumer's. What the handler has not finished then is delivered again, where the pattern keeps it.
   */
  readonly signal: AbortSignal;
}

/**
 * Does what is to be done with a message. Returns when it is done, or throws (or rejects) if it failed: then the message is
 * delivered again, up to `maxAttempts`, where the pattern keeps it. It must be idempotent where delivery is at least once.
 */
export type Handler<Value> = (value: Value, context: HandlerContext) => unknown;

/** The context of one message. Its signal is made when somebody asks for it: few handlers do. */
export class Handling<Value> implements HandlerContext {
  readonly message: Incoming<Value>;
  /** Whether the message is settled already: what the handler still does is of no account. */
  isSettled = false;
  /** Whether the handler has begun. */
  isAtWork = false;
  timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(message: Incoming<Value>) {
    this.message = message;
  }

  get id(): string | undefined {
    return this.message.id;
  }

  get attempt(): number {
    return this.message.delivery.attempt;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Throws the reason, if the handler is to give up. Makes no signal for it. */
  throwIfAborted(): void {
    if (this.#reason) throw this.#reason;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }
}
