import type { PublisherStats } from '@redis-messaging/shared/accounting/stats';
import type { ServiceProcess } from '../../../testkit/service-process.ts';
import { until } from '../../../testkit/until.ts';
import { added, causesOfCount, TOO_FAST } from '../../account/causes.ts';
import { publishingOf } from '../../account/publishing.ts';
import { refusalCauses } from '../../account/refusals.ts';
import { readInfo } from '../../measure/info.ts';
import { distributionOf, percentilesOf } from '../../measure/percentiles.ts';
import type { Measured, Percentiles } from '../../measure/result.ts';
import type { Subject } from '../../peers/subject.ts';
import { cutOffs } from '../../testbed/cut-offs.ts';
import { silenceOf } from '../../testbed/silence.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import type { SubscriberPool } from './subscriber-pool.ts';

/** Messages per second by the number of subscribers, as they are quoted all over the web, without a source. */
const QUOTED: Readonly<Record<number, number>> = { 1: 1_000_000, 10: 100_000, 100: 50_000, 1000: 10_000 };
/** Messages and deliveries of one round: enough for a figure, few enough to wait for. */
const MOST_MESSAGES = 2000;
const DELIVERIES = 20_000;
/** Messages for the latency, and their rate per second, at most: few enough to be handled as they are delivered. */
export const PACED = 20;
export const RATE = 200;
/** Deliveries per second for the latency, at most. */
export const PACED_DELIVERIES = 40_000;
const TIMEOUT_MS = 20_000;
/** Nothing has arrived for this long: no more will. */
const QUIET_MS = 1000;
/** The name of the figure that the headline shows. */
export const DELIVERED = 'deliveries/s';

/** Lets a pool grow to a size, and measures first the latency, then the throughput. */
export async function measureRound(
  testbed: Testbed,
  pattern: Subject,
  pool: SubscriberPool,
  size: number,
): Promise<Measured> {
  const copies = pattern.guarantees.audience === 'every-subscriber' ? size : 1;
  const eachKilobytes = await grow(testbed, pool, size);
  const before = await pool.report();

  const slow = await publish(testbed, pattern, PACED, Math.min(RATE, PACED_DELIVERIES / copies));
  const paced = await arrived(testbed, pool, before.deliveries + PACED * copies);

  const messages = Math.min(MOST_MESSAGES, Math.ceil(DELIVERIES / copies));
  const fast = await publish(testbed, pattern, messages, 0);
  const publishing = publishingOf(PACED + messages, [slow, fast], pattern.name);
  const { accepted } = publishing;
  const all = await arrived(testbed, pool, before.deliveries + accepted * copies);

  const seconds = (all.lastAt - Date.parse(String((fast.progress[pattern.name] as PublisherStats).firstAt))) / 1000;
  const deliveries = all.deliveries - paced.deliveries;
  const duplicated = all.duplicated - before.duplicated;
  const received = all.deliveries - before.deliveries - duplicated;
  const lost = accepted * copies - received;
  const latencyMs = percentilesOf(paced.latencies);
  const throughput = Math.round(deliveries / copies / seconds);
  return {
    ...publishing,
    audiences: copies,
    received,
    waiting: 0,
    inFlight: 0,
    dead: 0,
    lost,
    duplicated,
    reordered: 0,
    foreignDead: 0,
    causes: added([
      ...causesOfCount(lost, [
        { cause: TOO_FAST, atMost: all.dropped - before.dropped },
        await cutOffs(testbed.redis.admin, testbed.load, all.disconnections - before.disconnections),
      ]),
      ...refusalCauses(publishing, 0, copies),
    ]),
    throughput,
    latencyMs,
    latencyAt: distributionOf(paced.latencies),
    timeline: null,
    figures: figuresOf(size, { throughput, deliveries: Math.round(deliveries / seconds), latencyMs, eachKilobytes }),
  };
}

interface RoundFigures {
  readonly throughput: number;
  /** Per second. */
  readonly deliveries: number;
  readonly latencyMs: Percentiles | null;
  readonly eachKilobytes: number;
}

function figuresOf(size: number, { throughput, deliveries, latencyMs, eachKilobytes }: RoundFigures) {
  const by = size === 1 ? '1 subscriber' : `${size} subscribers`;
  return {
    [`${by}: messages/s`]: throughput,
    [`${by}: messages/s, as often quoted`]: QUOTED[size] ?? null,
    [`${by}: ${DELIVERED}`]: deliveries,
    [`${by}: latency p50 (ms)`]: latencyMs?.p50 ?? null,
    [`${by}: latency p99 (ms)`]: latencyMs?.p99 ?? null,
    [`${by}: Redis memory each (KB)`]: eachKilobytes,
  };
}

/** Publishes by one pattern. @param rate messages per second; 0 = as fast as possible. @returns the publisher, when it has ended */
async function publish(
  { services, waits }: Testbed,
  { name }: Subject,
  messages: number,
  rate: number,
): Promise<ServiceProcess> {
  const env = { PATTERN: name, LOG_LEVEL: 'warn' };
  const publisher: ServiceProcess = await services.publisher({ messages, rate, env });
  await waits.ended(publisher);
  return publisher;
}

/** Lets the pool grow. @returns what each further subscriber costs Redis: KB */
export async function grow(testbed: Testbed, pool: SubscriberPool, size: number): Promise<number> {
  const before = { size: pool.size, memory: await usedMemory(testbed) };
  await pool.growTo(size);
  return Math.round(((await usedMemory(testbed)) - before.memory) / (size - before.size) / 1000);
}

/** What the pool has received, once it has this many deliveries, or no more arrive. */
async function arrived({ signal }: Testbed, pool: SubscriberPool, deliveries: number) {
  const latencies: number[] = [];
  let report = await pool.report();
  const quietFor = silenceOf(() => report.deliveries);
  const isComplete = async () => {
    latencies.push(...report.latencies);
    if (report.deliveries >= deliveries || quietFor() > QUIET_MS) return true;
    report = await pool.report();
    return false;
  };
  await until('the pool to have everything', isComplete, TIMEOUT_MS, signal);
  return { ...report, latencies };
}

async function usedMemory({ redis }: Testbed): Promise<number> {
  return Number((await readInfo(redis.admin, 'memory')).get('used_memory') ?? 0);
}
