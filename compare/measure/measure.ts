import type { PublisherStats, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { distributionOf, percentilesOf } from './percentiles.ts';
import { type Blame, causesOf, type Evidence, TOO_FAST, takeCensus } from './reconciliation.ts';
import type { Measured, Percentiles, Timeline } from './result.ts';
import { sum } from './sum.ts';

const BUCKET_MS = 100;

/** Measures by the messages' ids, as the logs tell. @param beganAt where the timeline begins: ms since 1970 */
export function measureByLogs(evidence: Evidence, beganAt: number): Measured {
  const deliveries = [...evidence.received.values()].flat();
  const latencies = deliveries.map((line) => line.latencyMs as number);
  const times = deliveries.map((line) => Date.parse(line.time) - beganAt);
  return {
    ...takeCensus(evidence),
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
  /** Why messages may have been lost that somebody listened to, besides those that the subscriber says it left out. */
  readonly blames?: readonly Blame[];
  /** Whether throughput counts from the first that was received, not from the first that was sent. */
  readonly drained?: boolean;
}

/** Measures by the services' own last figures, where there are too many messages for the logs. */
export function measureByFigures({ name, publisher, subscriber, blames = [], drained = false }: Pair): Measured {
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
    causes: causesOf(lost, sent.noSubscribers, [leftOutBy([subscriber], name), ...blames]),
    throughput: got.received > 0 ? Math.round(got.received / seconds) : null,
    latencyMs: got.latencyMs.p50 === null ? null : (got.latencyMs as Percentiles),
    latencyAt: null,
    timeline: null,
    figures: {},
  };
}

/** What subscribers say that they left out, because they did not keep up. */
export function leftOutBy(subscribers: readonly ServiceProcess[], pattern: string): Blame {
  const lines = subscribers.flatMap((service) => service.events('overflow', pattern));
  return { cause: TOO_FAST, atMost: sum(lines.map(({ messages }) => messages)) };
}

/** Messages that a publisher made, of which its last figures tell what became of each. */
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
