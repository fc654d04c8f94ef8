import type { StatsByPattern } from '@redis-messaging/shared/accounting/stats';
import type { Service, Work } from '@redis-messaging/shared/service/service';
import { Consumer } from './consumer.ts';
import { simulatedWork } from './handler.ts';

/** How long a subscriber that is to stop waits for a Redis that is away: ms. Longer than from one attempt to the next. */
const PATIENCE_MS = 2000;

/** Consumes every chosen pattern at the same time. */
export function startSubscribing(service: Service): Work {
  const handle = simulatedWork(service.config);
  const consumers = service.config.PATTERN.map((pattern) => new Consumer(service, pattern, handle));
  return {
    isReady: () => consumers.every((consumer) => consumer.isSubscribed),
    figures: () => figuresOf(consumers),
    finished: consumeAll(service, consumers),
  };
}

async function consumeAll({ connection, stop }: Service, consumers: readonly Consumer[]): Promise<void> {
  const endWatch = connection.closeWhenUnreachable(PATIENCE_MS, stop.signal);
  await Promise.all(consumers.map((consumer) => consumer.run())).finally(endWatch);
}

async function figuresOf(consumers: readonly Consumer[]): Promise<StatsByPattern> {
  const entries = consumers.map(async (consumer) => [consumer.pattern.name, await consumer.figures()] as const);
  return Object.fromEntries(await Promise.all(entries));
}
