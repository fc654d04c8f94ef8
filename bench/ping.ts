/** `node ping.ts COUNT INTERVAL`: round trips of PING, one every INTERVAL ms; says their latency by IPC when it is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Latency } from '@redis-messaging/shared/latency';
import { createClient } from 'redis';

const [count, interval] = process.argv.slice(2).map(Number) as [number, number];
const redis = createClient({ socket: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) } });
await redis.connect();
process.send?.({ event: 'ready' });

const latency = new Latency();
for (let sent = 0; sent < count; sent++) {
  const sentAt = performance.now();
  await redis.ping();
  latency.record((performance.now() - sentAt) * 1000);
  await sleep(interval);
}
process.send?.({ event: 'done', latencyMs: latency.report() }, () => process.exit(0));
