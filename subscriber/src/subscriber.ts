import type { FiguresByPattern } from '@redis-messaging/shared/figures';
import type { Service, Work } from '@redis-messaging/shared/service';
import { Consumer } from './consumer.ts';
import { simulatedWork } from './handler.ts';

/** Consumes every chosen pattern at the same time. */
export function startSubscribing(service: Service): Work {
  const handle = simulatedWork(service.config);
  const consumers = service.config.PATTERN.map((pattern) => new Consumer(service, pattern, handle));
  return {
    isReady: () => consumers.every((consumer) => consumer.isSubscribed),
    figures: () => figuresOf(consumers),
    finished: Promise.all(consumers.map((consumer) => consumer.run())).then(() => {}),
  };
}

async function figuresOf(consumers: readonly Consumer[]): Promise<FiguresByPattern> {
  const entries = consumers.map(async (consumer) => [consumer.pattern.name, await consumer.figures()] as const);
  return Object.fromEntries(await Promise.all(entries));
}
