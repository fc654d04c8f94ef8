import { setImmediate as turn } from 'node:timers/promises';
import type { StatsByPattern } from '@redis-messaging/shared/accounting/stats';
import type { Service, Work } from '@redis-messaging/shared/service/service';
import { batchOf } from './buffered-producer.ts';
import { makeOutgoing } from './outgoing.ts';
import { pace } from './pace.ts';
import { Outlet } from './producer-log.ts';

/** How long a stopping publisher waits for a Redis that takes nothing: ms. */
const PATIENCE_MS = 1000;

/** Makes messages at the pace of PUBLISH_INTERVAL and sends each of them by every chosen pattern. */
export function startPublishing(service: Service): Work {
  const outlets = service.config.PATTERN.map((pattern) => new Outlet(service, pattern));
  return {
    isReady: () => true,
    figures: () => figuresOf(outlets),
    finished: publishAll(service, outlets),
  };
}

async function publishAll({ config, stop }: Service, outlets: readonly Outlet[]): Promise<void> {
  const intervalMs = config.PUBLISH_INTERVAL * 1000;
  const lanes = outlets.map((outlet) => outlet.lane);
  const batchSize = Math.min(batchOf(config.MESSAGE_SIZE), config.BUFFER_LIMIT);
  let count = 0;
  for await (const due of pace({ intervalMs, count: config.MESSAGE_COUNT, batch: batchSize, signal: stop.signal })) {
    const batch = due.map((lateMs) => makeOutgoing(config.SENDER, ++count, lateMs, config.MESSAGE_SIZE));
    for (const lane of lanes) lane.offer(batch);
    if (intervalMs === 0) await Promise.all(lanes.map((lane) => lane.room(batchSize, stop.signal)));
    await turn(); // or a publisher that is behind would never read an answer
  }
  await Promise.all(lanes.map((lane) => lane.drained(stop.signal)));
  await Promise.all(lanes.map((lane) => lane.finish(PATIENCE_MS, stop.abandon)));
  for (const outlet of outlets) outlet.close();
}

async function figuresOf(outlets: readonly Outlet[]): Promise<StatsByPattern> {
  const entries = outlets.map(async (outlet) => [outlet.lane.pattern.name, await outlet.figures()] as const);
  return Object.fromEntries(await Promise.all(entries));
}
