/** `node ping.ts COUNT INTERVAL`: round trips of PING, one due every INTERVAL ms; reports their latency by IPC at the end. */
import { Latency } from '@redis-messaging/shared/accounting/latency';
import { createClient } from 'redis';
import { pace } from '../publisher/src/pace.ts';

const [count, intervalMs] = process.argv.slice(2).map(Number) as [number, number];
const redis = createClient({ socket: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) } });
await redis.connect();
process.once('disconnect', () => process.exit(1)); // the benchmark has ended
process.send?.({ event: 'ready' });

const latency = new Latency();
async function ping(): Promise<void> {
  const sentAt = performance.now();
  await redis.ping();
  latency.record((performance.now() - sentAt) * 1000);
}

// Like the publisher, it sends what is due without waiting for replies: else a pause would count once, not for each PING it delays.
const pings: Promise<void>[] = [];
const signal = new AbortController().signal;
for await (const due of pace({ intervalMs, count, batch: count, signal })) pings.push(...due.map(ping));
await Promise.all(pings);
process.send?.({ event: 'done', latencyMs: latency.report() }, () => process.exit(0));
