import type { Controlled } from '@redis-messaging/shared/live/controlled';
import type { Action, SubscriberSettings } from '@redis-messaging/shared/live/protocol';
import type { ReceivedMessage } from '@redis-messaging/shared/message/message';
import type { Handler } from '@redis-messaging/shared/messaging/consumer/handler';
import type { Consumer } from '@redis-messaging/shared/messaging/consumer/start-consumer';
import type { Config } from '@redis-messaging/shared/service/config';
import { loadHandler } from './handler.ts';
import { simulatedWork, type Work } from './simulated-work.ts';

/** What handles the messages of a subscriber, all its patterns alike; the live page can change it. */
export class ControlledSubscriber implements Controlled {
  readonly #handlerFile: string;
  readonly #consumers = new Set<Consumer<ReceivedMessage>>();
  #work: Work;
  #concurrency: number;
  #handler: Handler<ReceivedMessage> | undefined;

  constructor({ HANDLER, WORK_TIME, FAIL_RATE, CONCURRENCY }: Config) {
    this.#handlerFile = HANDLER;
    this.#work = { workTime: WORK_TIME, failRate: FAIL_RATE, pace: 1 };
    this.#concurrency = CONCURRENCY;
    this.#handler = simulatedWork(this.#work);
  }

  /** Loads what HANDLER names. @throws an Error that says what is wrong with it */
  async load(): Promise<void> {
    if (this.#handlerFile !== '') this.#handler = await loadHandler(this.#handlerFile);
  }

  /** `undefined` where there is nothing to do. */
  get handler(): Handler<ReceivedMessage> | undefined {
    return this.#handler;
  }

  /** Changes this consumer, too. It has been made with the handler and CONCURRENCY. */
  add(consumer: Consumer<ReceivedMessage>): void {
    this.#consumers.add(consumer);
    consumer.change({ handler: this.#handler, concurrency: this.#concurrency });
  }

  get settings(): SubscriberSettings {
    const { workTime, failRate, pace } = this.#work;
    const concurrency = this.#concurrency;
    return this.#handlerFile === ''
      ? { workTime, failRate, pace, concurrency }
      : { workTime: null, failRate: null, pace, concurrency };
  }

  act(action: Action, value: number | string | undefined): void {
    if (action === 'concurrency') this.#concurrency = value as number;
    else if (this.#handlerFile === '') {
      this.#work = { ...this.#work, [action]: value };
      this.#handler = simulatedWork(this.#work);
    } else if (action !== 'pace') throw new Error('HANDLER does the work here: it is not simulated');
    for (const consumer of this.#consumers) consumer.change({ handler: this.#handler, concurrency: this.#concurrency });
  }
}
