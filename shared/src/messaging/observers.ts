import type { ConsumerObserver, ProducerObserver } from './events.ts';

const PRODUCER_EVENTS = ['accepted', 'refused', 'unconfirmed', 'retried', 'trouble'] as const;
const CONSUMER_EVENTS = [
  'subscribed',
  'trouble',
  'received',
  'redelivered',
  'handled',
  'writeRefused',
  'acknowledged',
  'acknowledgedAs',
  'failed',
  'invalid',
  'dead',
  'deadLettersRefused',
  'undeliverable',
  'missing',
  'overflow',
  'interrupted',
  'unhandled',
  'leaseLost',
] as const;

type Listener = (...details: never[]) => void;

/** One producer's observer that tells several. */
export function producerObservers<Value>(
  ...observers: readonly (ProducerObserver<Value> | undefined)[]
): ProducerObserver<Value> {
  return merge(PRODUCER_EVENTS, observers);
}

/** One consumer's observer that tells several. */
export function consumerObservers<Value>(
  ...observers: readonly (ConsumerObserver<Value> | undefined)[]
): ConsumerObserver<Value> {
  const writers = observers.filter((observer) => observer?.writesOnAck);
  const acknowledgers = observers.filter((observer) => observer?.acknowledged);
  const undertakers = observers.filter((observer) => observer?.writesOnDeath);
  return {
    ...merge(CONSUMER_EVENTS, observers),
    ...(writers.length > 0 && { writesOnAck: () => writers.flatMap((observer) => observer?.writesOnAck?.() ?? []) }),
    ...(acknowledgers.length > 0 && {
      wantsAcknowledged: () => acknowledgers.some((observer) => observer?.wantsAcknowledged?.() ?? true),
    }),
    ...(undertakers.length > 0 && {
      writesOnDeath: (payload) => undertakers.flatMap((observer) => observer?.writesOnDeath?.(payload) ?? []),
    }),
  };
}

/** Only the events that somebody hears are there, so that the others cost nothing. */
function merge<Observer extends object>(
  events: readonly (keyof Observer)[],
  observers: readonly (Observer | undefined)[],
): Observer {
  const merged: Partial<Record<keyof Observer, Listener>> = {};
  for (const event of events) {
    const hearers = observers.filter((observer) => observer?.[event] !== undefined) as Record<
      keyof Observer,
      Listener
    >[];
    if (hearers.length > 0) {
      merged[event] = (...details) => {
        for (const hearer of hearers) hearer[event](...details);
      };
    }
  }
  return merged as Observer;
}
