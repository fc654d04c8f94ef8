import type { PublisherStats, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { causesOf, type PossibleCause, TOO_FAST } from './causes.ts';
import { distributionOf, percentilesOf } from './percentiles.ts';
import { type Observed, reconcile } from './reconciliation.ts';
import type { Measured, Percentiles, Timeline } from './result.ts';
import { sum } from './sum.ts';

const BUCKET_MS = 100;

/** Measures by the messages' ids, as the logs tell. @param beganAt where the timeline begins: ms since 1970 */
export function measureByLogs(observed: Observed, beganAt: number): Measured {
  const deliveries = [...observed.received.values()].flat();
  const latencies = deliveries.map((line) => line.latencyMs as number);
  const times = deliveries.map((line) => Date.parse(line.time) - beganAt);
  return {
    ...reconcile(observed),
    throughput: null,
    latencyMs: percentilesOf(latencies),
    latencyAt: distributionOf(latencies),
    timeline: timelineOf(times),
    figures: {},
  };
}

interface Pair {
  /** The pattern. */
  readonly name: string;
  readonly publisher: ServiceProcess;
  readonly subscriber: ServiceProcess;
  /** Why messages may have been lost, besides those that the subscriber says it dropped. */
  readonly possibleCauses?: readonly PossibleCause[];
  /** Whether throughput counts from the first message received, not from the first one sent. */
  readonly drained?: boolean;
}

/** Measures by the services' own last stats, where there are too many messages for the logs. */
export function measureByStats({ name, publisher, subscriber, possibleCauses = [], drained = false }: Pair): Measured {
  const sent = publisher.progress[name] as PublisherStats;
  const got = subscriber.progress[name] as SubscriberStats;
  const lost = sent.published - got.received;
  const seconds = (Date.parse(got.lastAt ?? '') - Date.parse((drained ? got : sent).firstAt ?? '')) / 1000;
  return {
    published: madeBy(publisher, name),
    accepted: sent.published,
    audiences: 1,
    received: got.received,
    lost,
    duplicated: got.duplicated,
    reordered: got.reordered,
    deadLettered: got.dead,
    waiting: got.backlog ?? 0,
    causes: causesOf(lost, sent.noSubscribers, [overflowOf([subscriber], name), ...possibleCauses]),
    throughput: got.received > 0 ? Math.round(got.received / seconds) : null,
    latencyMs: got.latencyMs.p50 === null ? null : (got.latencyMs as Percentiles),
    latencyAt: null,
    timeline: null,
    figures: {},
  };
}

/** The messages that subscribers say they dropped, because they did not keep up. */
export function overflowOf(subscribers: readonly ServiceProcess[], pattern: string): PossibleCause {
  const lines = subscribers.flatMap((service) => service.events('overflow', pattern));
  return { cause: TOO_FAST, atMost: sum(lines.map(({ messages }) => messages)) };
}

/** Messages that a publisher made: its last stats have each of them in one place. */
export function madeBy(publisher: ServiceProcess, pattern: string): number {
  const { published, refused, unconfirmed, buffered } = publisher.progress[pattern] as PublisherStats;
  return published + refused + unconfirmed + buffered;
}

/** @param times of the deliveries: ms from the beginning */
function timelineOf(times: readonly number[]): Timeline {
  const deliveries: number[] = [];
  for (const time of times) {
    const bucket = Math.max(0, Math.floor(time / BUCKET_MS));
    deliveries[bucket] = (deliveries[bucket] ?? 0) + 1;
  }
  return { bucketMs: BUCKET_MS, deliveries: Array.from(deliveries, (count) => count ?? 0) };
}
