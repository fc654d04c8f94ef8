import type { Consumer } from '../consumer/start-consumer.ts';

/** A consumer of all partitions of a topic: one that ends with an error ends all. */
export function partitionedConsumer<Value>(consumers: readonly Consumer<Value>[]): Consumer<Value> {
  const finished = Promise.all(consumers.map((consumer) => consumer.finished)).then(() => {});
  const ready = Promise.all(consumers.map((consumer) => consumer.ready)).then(() => {});
  ready.catch(() => {}); // whoever asks gets it
  finished.catch(() => void Promise.all(consumers.map((consumer) => consumer.close())));
  const close: Consumer['close'] = async (options) =>
    void (await Promise.all(consumers.map((consumer) => consumer.close(options))));
  return {
    ready,
    finished,
    get isReady() {
      return consumers.every(({ isReady }) => isReady);
    },
    change(workers) {
      for (const consumer of consumers) consumer.change(workers);
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
