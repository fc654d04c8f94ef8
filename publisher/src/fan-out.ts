import type { Service } from '@redis-messaging/shared/service/service';
import type { ByHand } from './controlled-publisher.ts';
import { makeOutgoing, type OutgoingMessage } from './outgoing.ts';
import type { PatternPublisher } from './pattern-publisher.ts';

/** Makes messages, numbers them, and sends each of them by every pattern. */
export class FanOut implements ByHand {
  readonly #service: Service;
  readonly #publishers: readonly PatternPublisher[];
  #count = 0;
  #isClosed = false;

  constructor(service: Service, publishers: readonly PatternPublisher[]) {
    this.#service = service;
    this.#publishers = publishers;
  }

  /** Makes and sends messages. @param late how much later than due each is: ms */
  make(late: readonly number[]): void {
    const { SENDER, MESSAGE_SIZE } = this.#service.config;
    this.#sendAll(late.map((lateMs) => makeOutgoing(SENDER, ++this.#count, lateMs, MESSAGE_SIZE)));
  }

  send(text: string): void {
    if (this.#isClosed) throw new Error('the publisher ends');
    const { SENDER, MESSAGE_SIZE } = this.#service.config;
    this.#sendAll([makeOutgoing(SENDER, ++this.#count, 0, MESSAGE_SIZE, text)]);
  }

  publishRaw(payload: string): void {
    for (const publisher of this.#publishers) publisher.publishRaw(payload).catch(() => {}); // it is of no account
  }

  /** No more messages are made. */
  close(): void {
    this.#isClosed = true;
  }

  #sendAll(batch: readonly OutgoingMessage[]): void {
    this.#service.live?.made(batch);
    // What is not accepted is counted, and said, by the observer.
    for (const { producer } of this.#publishers) producer.sendBatch(batch).catch(() => {});
  }
}
