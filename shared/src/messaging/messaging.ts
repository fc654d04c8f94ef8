import { MAX_MESSAGE_BYTES } from '../delivery/batch-size.ts';
import { isTopicName, TOPIC_NAME } from '../delivery/keys.ts';
import type { Backlog, Pattern } from '../patterns/pattern.ts';
import type { Redis, RedisOptions } from '../redis/client.ts';
import { Connection } from '../redis/connection.ts';
import { addressOf } from '../redis/options.ts';
import { type Codec, json } from './codec.ts';
import { ConnectionLog } from './connection-log.ts';
import type { ConsumerOptions } from './consumer/consumer.ts';
import type { Handler } from './consumer/handler.ts';
import { CONSUMER_DEFAULTS, type Consumer, startConsumer } from './consumer/start-consumer.ts';
import { consumerLog, producerLog } from './event-log.ts';
import type { ConsumerObserver, ProducerObserver } from './events.ts';
import { type Logger, SILENT } from './logger.ts';
import { consumerObservers, producerObservers } from './observers.ts';
import { Producer, type ProducerOptions } from './producer/producer.ts';

/** A client of node-redis, whatever its modules and its version of the protocol. */
export type AnyClient = Pick<Redis, 'isOpen' | 'isReady'> & { duplicate(...overrides: never[]): unknown };

/** Gives each new producer and consumer an observer, for metrics or traces. */
export interface Telemetry {
  producer?(topic: string, pattern: string): ProducerObserver<unknown>;
  consumer?(topic: string, pattern: string): ConsumerObserver<unknown>;
}

/** What messaging needs. */
export interface MessagingOptions {
  /**
   * How to reach Redis: the options of node-redis' `createClient`; or a client of your own, connected, which stays yours: it is used
   * for commands and is never closed. What blocks or subscribes gets connections of its own with the same options.
   */
  readonly redis: RedisOptions | AnyClient;
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
}

/** A channel, list or stream, with the pattern that passes its messages. */
export interface Topic<Sent, Received = Sent> {
  readonly name: string;
  readonly pattern: Pattern;
  /** Sends messages to the topic. `close` it to send what is still buffered. */
  producer(options?: ProducerOptions, observer?: ProducerObserver<Sent>): Producer<Sent>;
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
  /** The connection that commands go through. */
  readonly connection: Connection;
  /** Whether Redis is reachable now, by all connections. */
  readonly isReady: boolean;
  /** How often connections were cut off and came back. */
  readonly reconnects: number;
  /** @throws RangeError if the name cannot be a topic's, or `maxMessageBytes` a size; TypeError if the options lack a pattern */
  topic<Sent, Received = Sent>(name: string, options: TopicOptions<Sent, Received>): Topic<Sent, Received>;
  /**
   * Connects, and waits for Redis as long as it takes; need not be called, the first producer or consumer does it. Rejects if Redis
   * refuses the connection for good (wrong password), or with the signal's reason if it aborts first.
   */
  connect(signal?: AbortSignal): Promise<void>;
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
  const connections = new ConnectionLog(logger, addressOf(optionsOf(redis)));
  const connection = connectionTo(redis, connections);
  const stop = new AbortController();
  const consumers: Consumer[] = [];
  const producers: { close(): Promise<void> }[] = [];
  let opening: Promise<void> | undefined;
  let isClosed = false;

  function connect(signal: AbortSignal = stop.signal): Promise<void> {
    opening ??= connection.isOwned ? connection.open(AbortSignal.any([signal, stop.signal])) : Promise.resolve();
    opening.catch(() => {}); // whoever asks gets it
    return opening;
  }

  function topic<Sent, Received>(name: string, options: TopicOptions<Sent, Received>): Topic<Sent, Received> {
    const {
      pattern,
      codec = json() as Codec<never, never> as Codec<Sent, Received>,
      maxMessageBytes = MAX_MESSAGE_BYTES,
      logger: log = logger,
    } = options ?? {};
    if (typeof name !== 'string' || !isTopicName(name))
      throw new RangeError(`topic ${JSON.stringify(name)}: expected ${TOPIC_NAME}`);
    if (typeof pattern?.publish !== 'function')
      throw new TypeError(`topic ${JSON.stringify(name)}: expected { pattern }, such as \`stream\` of this package`);
    if (!Number.isInteger(maxMessageBytes) || maxMessageBytes < 1)
      throw new RangeError(
        `topic ${JSON.stringify(name)}: maxMessageBytes is ${maxMessageBytes}; expected a whole number, 1 or more`,
      );
    return {
      name,
      pattern,
      producer(producerOptions, observer) {
        if (isClosed) throw new Error(CLOSED);
        const all = producerObservers<Sent>(
          producerLog(log, name, pattern.name),
          telemetry.producer?.(name, pattern.name),
          observer,
        );
        const producer = new Producer<Sent>(connection, pattern, name, codec, producerOptions, all, maxMessageBytes);
        producers.push(producer);
        connect().catch((error) => producer.giveUp(error));
        return producer;
      },
      consume(consumerOptions, handler, observer) {
        if (isClosed) throw new Error(CLOSED);
        const all = consumerObservers<Received>(
          consumerLog(log, name, pattern.name),
          telemetry.consumer?.(name, pattern.name),
          observer,
        );
        const context = { connection, pattern, topic: name, codec, maxMessageBytes, observer: all };
        const consumer = startConsumer<Received>(context, handler, consumerOptions, connect());
        consumers.push(consumer);
        return consumer;
      },
      async backlog(group = CONSUMER_DEFAULTS.group) {
        await connect();
        return await pattern.backlog(connection.client, name, group);
      },
    };
  }

  async function close(): Promise<void> {
    isClosed = true;
    // What asks something of a Redis that is unreachable must not wait for it.
    const endWatch = connection.closeWhenUnreachable(UNREACHABLE_MS, AbortSignal.abort());
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await Promise.all(producers.map((producer) => producer.close()));
    endWatch();
    stop.abort(new Error(CLOSED));
    await connection.close();
  }

  return {
    connection,
    get isReady() {
      return connection.isReady && (connections.isUp || !connection.isOwned);
    },
    get reconnects() {
      return connections.reconnects;
    },
    topic,
    connect,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function connectionTo(redis: RedisOptions | AnyClient, connections: ConnectionLog): Connection {
  if (!isClient(redis)) return Connection.create(redis, connections, redis.name ?? '');
  if (!redis.isOpen)
    throw new TypeError('createMessaging: the client is not connected; call `await client.connect()` first');
  return Connection.of(redis as unknown as Redis, connections);
}

const isClient = (redis: RedisOptions | AnyClient): redis is AnyClient =>
  typeof (redis as Partial<AnyClient>).duplicate === 'function';

/** The options of a client, whoever made it. */
const optionsOf = (redis: RedisOptions | AnyClient): RedisOptions =>
  isClient(redis) ? (((redis as unknown as Redis).options ?? {}) as RedisOptions) : redis;
