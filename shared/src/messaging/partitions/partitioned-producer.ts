import type { Receipt } from '../../delivery/delivery.ts';
import type { Producer, ProducerStats } from '../producer/producer.ts';
import { SendError, type SendFailure } from '../producer/send-error.ts';

/** What every producer can do, whether its topic has partitions or not. */
export type AnyProducer<Value> = Pick<
  Producer<Value>,
  'isReady' | 'stats' | 'send' | 'sendBatch' | 'ready' | 'drained' | 'close' | 'giveUp'
> &
  AsyncDisposable;

/** Sends each message to the partition that is chosen for it: in order within that partition. */
export class PartitionedProducer<Value> implements AnyProducer<Value> {
  readonly #producers: readonly Producer<Value>[];
  readonly #choose: (value: Value, id: string | undefined) => number;

  /** @param choose the number of a message's partition */
  constructor(producers: readonly Producer<Value>[], choose: (value: Value, id: string | undefined) => number) {
    this.#producers = producers;
    this.#choose = choose;
  }

  get isReady(): boolean {
    return this.#producers.every(({ isReady }) => isReady);
  }

  get stats(): ProducerStats {
    const sum = { accepted: 0, refused: 0, unconfirmed: 0, buffered: 0, retried: 0, noSubscribers: 0 };
    for (const { stats } of this.#producers)
      for (const name of Object.keys(sum) as (keyof ProducerStats)[]) sum[name] += stats[name];
    return sum;
  }

  async send(value: Value, options: { readonly id?: string | undefined } = {}): Promise<number> {
    return await this.#producer(this.#choose(value, options.id)).send(value, options);
  }

  async sendBatch(values: readonly Value[]): Promise<Receipt> {
    const places = new Map<number, number[]>();
    for (const [place, value] of values.entries()) {
      const partition = this.#choose(value, undefined);
      const all = places.get(partition);
      if (all) all.push(place);
      else places.set(partition, [place]);
    }
    const parts = [...places].map(async ([partition, all]) => {
      const sent = this.#producer(partition).sendBatch(all.map((place) => values[place] as Value));
      return await sent.then(
        (receipt) => ({ all, receipt }),
        (error: unknown) => ({ all, error }),
      );
    });
    return together(await Promise.all(parts), values.length);
  }

  async ready(messages: number, bytes: number, signal: AbortSignal): Promise<void> {
    await Promise.all(this.#producers.map((producer) => producer.ready(messages, bytes, signal)));
  }

  async drained(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#producers.map((producer) => producer.drained(signal)));
  }

  async close(options?: Parameters<Producer<Value>['close']>[0]): Promise<void> {
    await Promise.all(this.#producers.map((producer) => producer.close(options)));
  }

  giveUp(error: Error): void {
    for (const producer of this.#producers) producer.giveUp(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #producer(partition: number): Producer<Value> {
    return this.#producers[partition] as Producer<Value>;
  }
}

type Part = { readonly all: readonly number[] } & ({ readonly receipt: Receipt } | { readonly error: unknown });

/** The answer to a batch from those to its parts. @throws SendError by the places of the whole; else the first other error */
function together(parts: readonly Part[], size: number): Receipt {
  const receipt = new Array<number>(size).fill(0);
  const failures = new Map<number, SendFailure>();
  let failed: SendError | undefined;
  for (const part of parts) {
    if ('receipt' in part)
      for (const [index, place] of part.all.entries()) receipt[place] = part.receipt[index] as number;
    else if (part.error instanceof SendError) {
      failed ??= part.error;
      for (const [index, failure] of part.error.failures) failures.set(part.all[index] as number, failure);
    } else throw part.error;
  }
  if (failed) throw new SendError(failures, size, failed.detail, failed.cause as Error | undefined);
  return receipt;
}
