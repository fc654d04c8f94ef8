/**
 * Messaging through Redis by the pattern of your choice: `createMessaging` → `topic` → `producer` / `consume`. What is exported here
 * is what the package promises; everything else is its own affair.
 */
export type {
  AckExtras,
  AckFate,
  Delivery,
  FailFate,
  Payload,
  Receipt,
  SubscribeOptions,
  Subscription,
  Write,
} from './delivery/delivery.ts';
export { type Codec, json } from './messaging/codec.ts';
export type { AnyClient, AnyCluster, RedisSource } from './messaging/connections.ts';
export type { ConsumerOptions } from './messaging/consumer/consumer.ts';
export type { Handler, HandlerContext } from './messaging/consumer/handler.ts';
export type { CloseOptions, Consumer } from './messaging/consumer/start-consumer.ts';
export type { ConsumerObserver, Incoming, ProducerObserver } from './messaging/events.ts';
export type { Logger } from './messaging/logger.ts';
export {
  createMessaging,
  type Messaging,
  type MessagingOptions,
  type Telemetry,
  type Topic,
  type TopicOptions,
} from './messaging/messaging.ts';
export type { Producer, ProducerOptions, ProducerStats } from './messaging/producer/producer.ts';
export { SendError, type SendFailure } from './messaging/producer/send-error.ts';
export { patterns } from './patterns/index.ts';
export type { Backlog, Guarantees, Pattern } from './patterns/pattern.ts';
export { pubsub } from './patterns/pubsub.ts';
export { queue } from './patterns/queue.ts';
export { reliableQueue } from './patterns/reliable-queue/reliable-queue.ts';
export { shardedPubsub } from './patterns/sharded-pubsub.ts';
export { stream } from './patterns/stream/stream.ts';
export type { RedisOptions } from './redis/client.ts';
export type { ClusterOptions } from './redis/servers/cluster.ts';
export type { SentinelOptions } from './redis/servers/sentinel.ts';
