import type { PublisherStats, SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { added, type CountedCause, causesOfCount, NOBODY_LISTENED } from '../account/causes.ts';
import { droppedCount } from '../account/further-causes.ts';
import { publishingOf, withTurnedUp } from '../account/publishing.ts';
import { type Observed, reconcile } from '../account/reconciliation.ts';
import { refusalCauses } from '../account/refusals.ts';
import { distributionOf, percentilesOf } from './percentiles.ts';
import type { Measured, Percentiles, Timeline } from './result.ts';

const BUCKET_MS = 100;

/** Measures by the messages' ids, as the logs tell. @param beganAt where the timeline begins: ms since 1970 */
export function measureByLogs(observed: Observed, beganAt: number): Measured {
  const deliveries = [...observed.received.values()].flat().filter(({ latencyMs }) => latencyMs !== undefined);
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
  readonly publishers: readonly ServiceProcess[];
  /** How many messages the publishers were told to make. */
  readonly made: number;
  readonly subscriber: ServiceProcess;
  /** Why messages may have been lost, besides those that reached nobody, or that the subscriber says it dropped. */
  readonly countedCauses?: readonly CountedCause[];
  /** Whether throughput counts from the first message received, not from the first one sent. */
  readonly drained?: boolean;
}

/** Measures by the services' own last stats, where there are too many messages for the logs. */
export function measureByStats(pair: Pair): Measured {
  const { name, publishers, made, subscriber, countedCauses = [], drained = false } = pair;
  const sent = publishers.map(({ progress }) => progress[name] as PublisherStats);
  const got = subscriber.progress[name] as SubscriberStats;
  const held = { waiting: got.waiting ?? 0, inFlight: got.inFlight ?? 0, dead: got.deadLetters ?? 0 };
  const known = got.received + held.waiting + held.inFlight + held.dead;
  const said = publishingOf(made, publishers, name);
  const publishing = withTurnedUp(said, Math.max(0, known - said.accepted));
  const lost = publishing.accepted - known;
  const noSubscribers = sent.reduce((total, stats) => total + stats.noSubscribers, 0);
  const seconds = (Date.parse(got.lastAt ?? '') - Date.parse((drained ? got : sent[0])?.firstAt ?? '')) / 1000;
  return {
    ...publishing,
    ...held,
    audiences: 1,
    received: got.received,
    lost,
    duplicated: got.duplicated,
    reordered: got.reordered,
    foreignDead: 0,
    causes: added([
      ...causesOfCount(lost, [
        { cause: NOBODY_LISTENED, atMost: noSubscribers },
        droppedCount([subscriber], name),
        ...countedCauses,
      ]),
      ...refusalCauses(publishing, 0, 1),
    ]),
    throughput: got.received > 0 ? Math.round(got.received / seconds) : null,
    latencyMs: got.latencyMs.p50 === null ? null : (got.latencyMs as Percentiles),
    latencyAt: null,
    timeline: null,
    figures: {},
  };
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
