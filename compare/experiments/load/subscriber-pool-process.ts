/**
 * Many subscribers in one process, for the experiment `fan-out`: each with a subscription, and so a connection, of its own.
 * Sent a number, it answers when there are this many; asked for a report, it answers what all of them have received.
 */
import { setMaxListeners } from 'node:events';
import { MAX_MESSAGE_BYTES } from '@redis-messaging/shared/delivery/batch-size';
import { decode } from '@redis-messaging/shared/message/message';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { connect } from '@redis-messaging/shared/redis/connection';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { redisOptions } from '@redis-messaging/shared/service/redis-options';

/** What the pool has received. */
export interface PoolReport {
  readonly deliveries: number;
  /** Deliveries of a message that the same subscriber, or, where they share messages, another one had before. */
  readonly duplicated: number;
  /** Deliveries that were dropped because they waited too long to be taken. */
  readonly dropped: number;
  /** How often one of its connections was lost. */
  readonly disconnections: number;
  /** Of the last delivery: ms since 1970. */
  readonly lastAt: number;
  /** Of each delivery: ms. */
  readonly latencies: readonly number[];
}

const BATCH = 500;
/** Subscriptions that are made at the same time. */
const AT_ONCE = 20;

const config = loadConfig();
const pattern = config.PATTERN[0] as Pattern;
const topic = config.topics.get(pattern) as string;
const { signal } = new AbortController();
setMaxListeners(0, signal);
let disconnections = 0;
const onDown = () => disconnections++;
const connection = await connect(redisOptions(config, 'subscriber-pool'), { onDown }, signal);

let size = 0;
let deliveries = 0;
let duplicated = 0;
let dropped = 0;
let lastAt = 0;
let latencies: number[] = [];

/** The ids that all of them have received, where they share messages. */
const shared = new Set<string>();

async function listen(index: number): Promise<void> {
  const ids = pattern.guarantees.audience === 'one-subscriber' ? shared : new Set<string>();
  const subscription = await pattern.subscribe(connection, topic, {
    signal,
    consumer: `pool-${index}`,
    group: config.GROUP,
    groupStart: '0',
    leaseMs: 60_000,
    maxAttempts: 100,
    maxLength: 0,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    onOverflow: (deliveries) => {
      dropped += deliveries;
    },
  });
  void (async () => {
    for (let batch = await subscription.take(BATCH); batch; batch = await subscription.take(BATCH)) {
      for (const { payload, receivedAt } of batch) {
        const decoded = decode(payload);
        if (!decoded.ok) continue;
        deliveries++;
        if (ids.has(decoded.message.id)) duplicated++;
        ids.add(decoded.message.id);
        lastAt = receivedAt / 1000;
        latencies.push((receivedAt - decoded.madeAt) / 1000);
      }
      await subscription.ack(batch);
    }
  })();
}

async function growTo(count: number): Promise<void> {
  while (size < count) {
    const more = Math.min(AT_ONCE, count - size);
    await Promise.all(Array.from({ length: more }, (_, index) => listen(size + index)));
    size += more;
  }
}

process.on('message', async (count: number | 'report') => {
  if (count === 'report') {
    process.send?.({ deliveries, duplicated, dropped, disconnections, lastAt, latencies } satisfies PoolReport);
    latencies = [];
  } else {
    await growTo(count);
    process.send?.('grown');
  }
});
process.on('disconnect', () => process.exit(0));
if (!process.connected) process.exit(0); // the parent ended while this process was starting
process.send?.('ready');
