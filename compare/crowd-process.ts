/**
 * Many subscribers in one process, for the experiment `fan-out`: each with a subscription, and so a connection, of its own. Says
 * `ready`; when asked, tells what all of them have received.
 */
import { setMaxListeners } from 'node:events';
import { loadConfig } from '@redis-messaging/shared/config';
import { decode } from '@redis-messaging/shared/message';
import type { Pattern } from '@redis-messaging/shared/pattern';
import { connect } from '@redis-messaging/shared/redis';
import { redisOptions } from '@redis-messaging/shared/redis-options';

/** What the crowd tells. */
export interface CrowdReport {
  readonly deliveries: number;
  /** Of the last delivery: ms since 1970. */
  readonly lastAt: number;
  /** Of each delivery: ms. */
  readonly latencies: readonly number[];
}

const NOBODY = { onUp() {}, onDown() {}, onClosed() {} };
const BATCH = 500;
/** Subscriptions that are made at the same time. */
const AT_ONCE = 20;

const config = loadConfig();
const pattern = config.PATTERN[0] as Pattern;
const topic = config.topics.get(pattern) as string;
const { signal } = new AbortController();
setMaxListeners(0, signal);
const redis = await connect(redisOptions(config, 'crowd'), NOBODY, signal);

let deliveries = 0;
let lastAt = 0;
let latencies: number[] = [];

async function listen(index: number): Promise<void> {
  const subscription = await pattern.subscribe(redis, topic, {
    signal,
    batch: BATCH,
    consumer: `crowd-${index}`,
    group: config.GROUP,
    groupStart: '0',
    reclaimAfterMs: 60_000,
    maxAttempts: 100,
    maxLength: 0,
  });
  void (async () => {
    for await (const batch of subscription) {
      for (const { payload, receivedAt } of batch) {
        const decoded = decode(payload);
        if (!decoded.ok) continue;
        deliveries++;
        lastAt = receivedAt / 1000;
        latencies.push((receivedAt - decoded.madeAt) / 1000);
      }
      await subscription.ack(batch);
    }
  })();
}

const count = Number(process.env.COUNT);
for (let made = 0; made < count; made += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - made) }, (_, index) => listen(made + index)));
}

process.on('message', () => {
  process.send?.({ deliveries, lastAt, latencies } satisfies CrowdReport);
  latencies = [];
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
