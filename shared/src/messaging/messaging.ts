import { MAX_MESSAGE_BYTES } from '../delivery/batch-size.ts';
import { isTopicName, TOPIC_NAME } from '../delivery/keys.ts';
import type { Backlog, Pattern } from '../patterns/pattern.ts';
import type { Connection } from '../redis/connection.ts';
import { type Codec, json } from './codec.ts';
import { Connections, type RedisSource } from './connections.ts';
import type { ConsumerOptions } from './consumer/consumer.ts';
import type { Handler } from './consumer/handler.ts';
import { CONSUMER_DEFAULTS, type Consumer, startConsumer } from './consumer/start-consumer.ts';
import { consumerLog, producerLog } from './event-log.ts';
import type { ConsumerObserver, ProducerObserver } from './events.ts';
import { type Logger, SILENT } from './logger.ts';
import { consumerObservers, producerObservers } from './observers.ts';
import { checkPartitions } from './partitions/fixed-number.ts';
import { partitionsOf } from './partitions/names.ts';
import { partitionedConsumer } from './partitions/partitioned-consumer.ts';
import { type AnyProducer, PartitionedProducer } from './partitions/partitioned-producer.ts';
import { checkPartitioning, chooser, shareOf, sum } from './partitions/partitioning.ts';
import { Producer, type ProducerOptions } from './producer/producer.ts';

/** Gives each new producer and consumer an observer, for metrics or traces. */
export interface Telemetry {
  producer?(topic: string, pattern: string): ProducerObserver<unknown>;
  consumer?(topic: string, pattern: string): ConsumerObserver<unknown>;
}

/** What messaging needs. */
export interface MessagingOptions {
  /**
   * How to reach Redis: the options of node-redis' `createClient`, `createSentinel` or `createCluster`; a client of a Cluster, of which
   * only the options are used; or a client of one server, connected, which stays yours: it is used for commands and is never closed.
   * What blocks or subscribes gets connections of its own with the same options.
   */
  readonly redis: RedisSource;
  /** Where it is said that something is wrong, and that it is over. Nowhere, if not given. */
  readonly logger?: Logger | undefined;
  readonly telemetry?: Telemetry | undefined;
}

/** How a topic passes its messages. */
export interface TopicOptions<Sent, Received = Sent> {
  /** One of the patterns of this package, or one of your own. */
  readonly pattern: Pattern;
  /** How messages become bytes; JSON if not given. */
  readonly codec?: Codec<Sent, Received> | undefined;
  /** The most bytes of an encoded message; producers refuse larger ones as `too-large`. Default 16,777,216 (16 MB). */
  readonly maxMessageBytes?: number | undefined;
  /** Where it is said what happens to this topic's messages; the logger of all, if not given. */
  readonly logger?: Logger | undefined;
  /**
   * Into how many partitions the topic is split, each with a slot of its own, so that several servers of a Cluster share its load;
   * the same for all who use the topic, and for all of its life. Messages are in order within a partition. Default 1.
   */
  readonly partitions?: number | undefined;
  /** Messages for which this is the same go to the same partition. If not given, the message's id decides, or each in turn. */
  partitionBy?(value: Sent): string;
}

/** A channel, list or stream, with the pattern that passes its messages. */
export interface Topic<Sent, Received = Sent> {
  readonly name: string;
  readonly pattern: Pattern;
  /** The names of its partitions; its own, if it has one. */
  readonly partitions: readonly string[];
  /** Sends messages to the topic. `close` it to send what is still buffered. */
  producer(options?: ProducerOptions, observer?: ProducerObserver<Sent>): AnyProducer<Sent>;
  /**
   * Has the topic's messages handled, from now on, until it is closed. Without a handler, a message is handled as soon as it is
   * received, and the observer sees it.
   * @throws TypeError or RangeError if the options are not as they should be
   */
  consume(
    options: ConsumerOptions,
    handler: Handler<Received> | undefined,
    observer?: ConsumerObserver<Received>,
  ): Consumer<Received>;
  /** What Redis holds for the topic, and for a group of it. */
  backlog(group?: string): Promise<Backlog>;
}

/** At the end, Redis is waited for no longer than this: ms. */
const UNREACHABLE_MS = 1500;
const CLOSED = 'messaging was closed';

/** Messaging over one connection to Redis, and as many more as its consumers need. */
export interface Messaging extends AsyncDisposable {
  /**
   * The connection that commands go through, which is opened if it is not: one for all topics; of a Cluster, one for each, and one
   * for what concerns no topic, which is the one that `connect` opens.
   */
  connectionFor(topic?: string): Connection;
  /** Whether Redis is reachable now, by all connections. */
  readonly isReady: boolean;
  /** How often connections were cut off and came back. */
  readonly reconnects: number;
  /** @throws RangeError if the name cannot be a topic's, or `maxMessageBytes` a size; TypeError if the options lack a pattern */
  topic<Sent, Received = Sent>(name: string, options: TopicOptions<Sent, Received>): Topic<Sent, Received>;
  /**
   * Connects, and waits for Redis as long as it takes; need not be called, the first producer or consumer does it. Rejects if Redis
   * refuses the connection for good (wrong password), or with the signal's reason if it aborts first.
   * @param topic of a Cluster: whose connection
   */
  connect(signal?: AbortSignal, topic?: string): Promise<void>;
  /** Once the signal has aborted, what asks something of a Redis that is unreachable for longer than this (ms) fails. @returns ends it */
  closeWhenUnreachable(patienceMs: number, signal: AbortSignal): () => void;
  /** Closes consumers, then producers, then connections. */
  close(): Promise<void>;
}

/**
 * Messaging through Redis: topics, each with the pattern of your choice.
 * @throws TypeError if `redis` is neither options nor a connected client
 */
export function createMessaging(options: MessagingOptions): Messaging {
  const { redis, logger = SILENT, telemetry = {} } = options ?? {};
  if (typeof redis !== 'object' || redis === null)
    throw new TypeError('createMessaging: expected { redis }, the options of a client or a client');
  const connections = new Connections(redis, logger);
  const consumers: Consumer[] = [];
  const producers: { close(): Promise<void> }[] = [];
  let isClosed = false;

  function topic<Sent, Received>(name: string, options: TopicOptions<Sent, Received>): Topic<Sent, Received> {
    const {
      pattern,
      codec = json() as Codec<never, never> as Codec<Sent, Received>,
      maxMessageBytes = MAX_MESSAGE_BYTES,
      logger: log = logger,
      partitions = 1,
      partitionBy,
    } = options ?? {};
    if (typeof name !== 'string' || !isTopicName(name))
      throw new RangeError(`topic ${JSON.stringify(name)}: expected ${TOPIC_NAME}`);
    if (typeof pattern?.publish !== 'function')
      throw new TypeError(`topic ${JSON.stringify(name)}: expected { pattern }, such as \`stream\` of this package`);
    if (!Number.isInteger(maxMessageBytes) || maxMessageBytes < 1)
      throw new RangeError(
        `topic ${JSON.stringify(name)}: maxMessageBytes is ${maxMessageBytes}; expected a whole number, 1 or more`,
      );
    checkPartitioning(name, pattern, partitions);
    const names = partitionsOf(name, partitions);
    const opened = async () => {
      await Promise.all([name, ...names].map((each) => connections.open(each)));
      if (pattern.isPartitionable) await checkPartitions(connections.of(name), name, partitions, connections.signal);
    };
    let opening: Promise<void> | undefined;
    const open = () => {
      opening ??= opened();
      opening.catch(() => {}); // whoever asks gets it
      return opening;
    };
    return {
      name,
      pattern,
      partitions: names,
      producer(producerOptions = {}, observer) {
        if (isClosed) throw new Error(CLOSED);
        const all = producerObservers<Sent>(
          producerLog(log, name, pattern.name),
          telemetry.producer?.(name, pattern.name),
          observer,
        );
        const each = partitions === 1 ? producerOptions : shareOf(producerOptions, partitions);
        const parts = names.map(
          (part) => new Producer<Sent>(connections.of(part), pattern, part, codec, each, all, maxMessageBytes, open()),
        );
        const producer =
          partitions === 1
            ? (parts[0] as Producer<Sent>)
            : new PartitionedProducer(parts, chooser(partitions, partitionBy, codec.idOf));
        producers.push(producer);
        return producer;
      },
      consume(consumerOptions, handler, observer) {
        if (isClosed) throw new Error(CLOSED);
        const parts = names.map((part, index) => {
          const all = consumerObservers<Received>(
            consumerLog(log, part, pattern.name),
            telemetry.consumer?.(name, pattern.name),
            (partitions > 1 ? observer?.ofPartition?.(index) : undefined) ?? observer,
          );
          const connection = connections.of(part);
          const context = { connection, pattern, topic: part, codec, maxMessageBytes, observer: all };
          return startConsumer<Received>(context, handler, consumerOptions, open());
        });
        const consumer = partitions === 1 ? (parts[0] as Consumer<Received>) : partitionedConsumer(parts);
        consumers.push(consumer);
        return consumer;
      },
      async backlog(group = CONSUMER_DEFAULTS.group) {
        await open();
        return sum(await Promise.all(names.map((part) => pattern.backlog(connections.of(part).client, part, group))));
      },
    };
  }

  async function close(): Promise<void> {
    isClosed = true;
    // What asks something of a Redis that is unreachable must not wait for it.
    const endWatch = connections.closeWhenUnreachable(UNREACHABLE_MS, AbortSignal.abort());
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await Promise.all(producers.map((producer) => producer.close()));
    endWatch();
    await connections.close(new Error(CLOSED));
  }

  return {
    connectionFor: (topic = '') => {
      void connections.open(topic); // who needs it to succeed asks for it
      return connections.of(topic);
    },
    get isReady() {
      return connections.isReady;
    },
    get reconnects() {
      return connections.reconnects;
    },
    topic,
    connect: (signal, topic = '') => connections.open(topic, signal),
    closeWhenUnreachable: (patienceMs, signal) => connections.closeWhenUnreachable(patienceMs, signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}
