import type { StatsByPattern, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import { decodeMessage, encode, type Message, type ReceivedMessage } from '@redis-messaging/shared/message/message';
import type { Codec } from '@redis-messaging/shared/messaging/codec';
import type { Consumer } from '@redis-messaging/shared/messaging/consumer/start-consumer';
import { SILENT } from '@redis-messaging/shared/messaging/logger';
import { partitionCount } from '@redis-messaging/shared/service/config';
import type { Service, Work } from '@redis-messaging/shared/service/service';
import { ControlledSubscriber } from './controlled-subscriber.ts';
import { showGroup } from './group/show-group.ts';
import { PatternSubscriber } from './pattern-subscriber.ts';

/** How long a subscriber that is to stop waits for a Redis that is unreachable: ms. Longer than from one attempt to the next. */
const PATIENCE_MS = 2000;

const codec: Codec<Message, ReceivedMessage> = {
  encode,
  decode: decodeMessage,
  idIn: ({ message }) => message.id,
};

/** Consumes every chosen pattern at the same time. */
export function startSubscribing(service: Service): Work {
  const subscribers: PatternSubscriber[] = [];
  const consumers: Consumer[] = [];
  const controlled = new ControlledSubscriber(service.config);
  const isComplete = () => consumers.length === service.config.PATTERN.length;
  return {
    isReady: () => isComplete() && consumers.every((consumer) => consumer.isReady),
    stats: (isFinal) => statsOf(subscribers, isFinal),
    show: async (patterns, isFinal = false) => {
      const groups = subscribers.flatMap((subscriber) => {
        const own = patterns[subscriber.pattern.name] as SubscriberStats | undefined;
        return own ? [subscriber.ofGroup(own)] : []; // it may have begun after these stats were taken
      });
      return showGroup(service.config, await Promise.all(groups), isFinal);
    },
    finished: subscribeAll(service, subscribers, consumers, controlled),
    controlled,
  };
}

async function subscribeAll(
  service: Service,
  subscribers: PatternSubscriber[],
  consumers: Consumer[],
  controlled: ControlledSubscriber,
): Promise<void> {
  const { config, messaging, stop } = service;
  await controlled.load();
  for (const pattern of config.PATTERN)
    subscribers.push(new PatternSubscriber(service, pattern, () => controlled.handler !== undefined));
  const endWatch = messaging.closeWhenUnreachable(PATIENCE_MS, stop.signal);
  try {
    await Promise.all(
      subscribers.map(async (subscriber) => {
        await subscriber.open();
        if (stop.signal.aborted) return;
        const consumer = consume(service, subscriber, controlled.handler);
        consumers.push(consumer);
        controlled.add(consumer);
        consumer.ready.then(() => subscriber.ready()).catch(() => {}); // it ends with the same error
        await consumer.finished;
      }),
    );
    for (const subscriber of subscribers) await subscriber.close();
  } finally {
    endWatch();
  }
}

function consume(
  { config, messaging, stop }: Service,
  subscriber: PatternSubscriber,
  handler: ControlledSubscriber['handler'],
): Consumer<ReceivedMessage> {
  const options = {
    group: config.GROUP,
    groupStart: config.GROUP_START,
    name: config.CONSUMER,
    concurrency: config.CONCURRENCY,
    handlerTimeoutMs: Math.round(config.HANDLER_TIMEOUT * 1000),
    maxAttempts: config.MAX_ATTEMPTS,
    leaseMs: Math.round(config.RECLAIM_AFTER * 1000),
    dedupeTtlMs: Math.round(config.DEDUPE_TTL * 1000),
    maxLength: config.STREAM_MAXLEN,
  };
  const { pattern, topic: name } = subscriber;
  const topic = messaging.topic(name, {
    pattern,
    codec,
    partitions: partitionCount(config, pattern),
    maxMessageBytes: config.MAX_MESSAGE_BYTES,
    logger: SILENT,
  });
  const consumer = topic.consume(options, handler, subscriber);
  const close = () => void consumer.close({ timeoutMs: config.SHUTDOWN_TIMEOUT * 1000, abandon: stop.abandon });
  if (stop.signal.aborted) close();
  else stop.signal.addEventListener('abort', close, { once: true });
  return consumer;
}

async function statsOf(subscribers: readonly PatternSubscriber[], isFinal?: boolean): Promise<StatsByPattern> {
  const entries = subscribers.map(
    async (subscriber) => [subscriber.pattern.name, await subscriber.stats(isFinal)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
