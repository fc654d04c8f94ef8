import type { PublisherStats } from '@redis-messaging/shared/accounting/stats';
import { formatNumber } from '@redis-messaging/shared/text/table';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { readInfo } from '../measure/info.ts';
import { distributionOf, percentilesOf } from '../measure/percentiles.ts';
import { causesOf, TOO_FAST } from '../measure/reconciliation.ts';
import type { Measured } from '../measure/result.ts';
import { type Experiment, forEach, type Subject } from '../runner/experiment.ts';
import type { Stage } from '../runner/stage.ts';
import { Crowd } from '../runner/subscriber-pool.ts';
import { silenceOf } from '../runner/waits.ts';
import { nothingLost, nothingTwice } from '../verdict/claims.ts';

const SIZES = [1, 10, 100];
/** Where each gets a copy, also so many. */
const MANY = 1000;
/** With --full, what so many cost when nothing is published. */
const IDLE = 10_000;
/** Messages a second by the number of subscribers, as they are quoted all over the web, without a source. */
const QUOTED: Readonly<Record<number, number>> = { 1: 1_000_000, 10: 100_000, 100: 50_000, 1000: 10_000 };
/** Messages and deliveries of one size: enough for a figure, few enough to wait for. */
const MOST_MESSAGES = 2000;
const DELIVERIES = 20_000;
const PACED = 20;
/** Messages a second for the latency, and deliveries: few enough to be handled as they come. */
const PACE = 200;
const PACED_DELIVERIES = 40_000;
/** Clients that are no subscribers of the crowd. */
const OTHERS = 20;
const PATIENCE_MS = 20_000;
const DELIVERED = 'deliveries/s';
/** Nothing has come for so long: no more will. */
const QUIET_MS = 1000;

export const fanOut: Experiment = {
  name: 'fan-out',
  question: `One publisher, ${SIZES.join(', ')} (where each gets a copy, ${MANY}) subscribers: what does another one cost?`,
  steps: [
    'so many subscribers subscribe, each with a connection of its own, in one process',
    `${PACED} messages come at ${PACED_DELIVERIES / MANY} to ${PACE} a second, for the latency`,
    'then messages are published as fast as they go, for the throughput',
  ],
  ownSettings: [`maxclients ${IDLE + 1000}`],
  seconds: 17,

  async run(stage) {
    return await forEach(stage.patterns, async (pattern) => {
      const copied = pattern.guarantees.audience === 'every-subscriber';
      const wanted = copied ? [...SIZES, MANY] : [1, 100];
      const most = await mostSubscribers(stage);
      const sizes = wanted.filter((size, index) => index === 0 || size <= most);
      await using crowd = await Crowd.start(stage.env(pattern), stage.signal);
      const rounds: Measured[] = [];
      for (const [index, size] of sizes.entries())
        rounds.push(await measure(stage, pattern, crowd, size, sizes[index - 1] ?? 0));
      const idle = stage.load.full && copied && IDLE <= most ? await memoryAt(stage, crowd, IDLE) : {};
      const figures = Object.assign({}, ...rounds.map((round) => round.figures), idle);
      const last = rounds.at(-1) as Measured;
      const { throughput, latencyMs, latencyAt } = last;
      // What is judged is the round in which something went wrong, if there was one: perhaps that of one subscriber.
      const judged = rounds.find(({ lost, duplicated }) => lost !== 0 || duplicated > 0) ?? last;
      return { ...judged, throughput, latencyMs, latencyAt, figures };
    });
  },

  headline({ figures }) {
    const [, deliveries] = Object.entries(figures).findLast(([name]) => name.endsWith(`: ${DELIVERED}`)) ?? [];
    return deliveries ? `${formatNumber(Number(deliveries))} ${DELIVERED}` : 'nothing arrived';
  },

  claims: (guarantees, measured) => [
    { ...nothingLost(guarantees, measured), promised: guarantees.keepsUnread },
    nothingTwice(guarantees, measured),
  ],
};

async function measure(stage: Stage, pattern: Subject, crowd: Crowd, size: number, before: number): Promise<Measured> {
  const copies = pattern.guarantees.audience === 'every-subscriber' ? size : 1;
  const eachKilobytes = await grow(stage, crowd, before, size);
  const env = { PATTERN: pattern.name, LOG_LEVEL: 'warn' };
  const earlier = await crowd.report();

  const walk = await stage.publisher({ messages: PACED, rate: Math.min(PACE, PACED_DELIVERIES / copies), env });
  await stage.ended(walk);
  const paced = await arrived(stage, crowd, earlier.deliveries + PACED * copies);
  const latency = percentilesOf(paced.latencies);

  const messages = Math.min(MOST_MESSAGES, Math.ceil(DELIVERIES / copies));
  const rush = await stage.publisher({ messages, rate: 0, env });
  await stage.ended(rush);
  const sent = (publisher: ServiceProcess) => publisher.progress[pattern.name] as PublisherStats;
  const accepted = sent(walk).published + sent(rush).published;
  const all = await arrived(stage, crowd, earlier.deliveries + accepted * copies);
  const seconds = (all.lastAt - Date.parse(String(sent(rush).firstAt))) / 1000;
  const deliveries = all.deliveries - paced.deliveries;
  const duplicated = all.duplicated - earlier.duplicated;
  const received = all.deliveries - earlier.deliveries - duplicated;
  const lost = accepted * copies - received;
  const by = size === 1 ? '1 subscriber' : `${size} subscribers`;
  return {
    published: PACED + messages,
    accepted,
    audiences: copies,
    received,
    lost,
    duplicated,
    reordered: 0,
    deadLettered: 0,
    waiting: 0,
    causes: causesOf(lost, 0, pattern.guarantees.keepsUnread ? [] : [{ cause: TOO_FAST }]),
    throughput: Math.round(deliveries / copies / seconds),
    latencyMs: latency,
    latencyAt: distributionOf(paced.latencies),
    timeline: null,
    figures: {
      [`${by}: messages/s`]: Math.round(deliveries / copies / seconds),
      [`${by}: messages/s, as often quoted`]: QUOTED[size] ?? null,
      [`${by}: ${DELIVERED}`]: Math.round(deliveries / seconds),
      [`${by}: latency p50 (ms)`]: latency?.p50 ?? null,
      [`${by}: latency p99 (ms)`]: latency?.p99 ?? null,
      [`${by}: Redis memory each (KB)`]: eachKilobytes,
    },
  };
}

/** How many subscribers Redis takes, as far as it tells. */
async function mostSubscribers(stage: Stage): Promise<number> {
  const settings: Record<string, string> = await stage.redis.admin.configGet('maxclients').catch(() => ({}));
  return Number(settings.maxclients ?? Number.POSITIVE_INFINITY) - OTHERS;
}

/** The memory of Redis for each of so many subscribers. */
async function memoryAt(stage: Stage, crowd: Crowd, size: number): Promise<Measured['figures']> {
  return { [`${size} subscribers: Redis memory each (KB)`]: await grow(stage, crowd, MANY, size) };
}

/** Lets the crowd grow. Returns what each that came costs Redis: KB. */
async function grow(stage: Stage, crowd: Crowd, before: number, size: number): Promise<number> {
  const memory = await usedMemory(stage);
  await crowd.growTo(size);
  return Math.round(((await usedMemory(stage)) - memory) / (size - before) / 1000);
}

/** What the crowd has, once it has so much, or no more comes. */
async function arrived({ signal }: Stage, crowd: Crowd, deliveries: number) {
  const latencies: number[] = [];
  let report = await crowd.report();
  const quietFor = silenceOf(() => report.deliveries);
  await until(
    'the crowd to have everything',
    async () => {
      latencies.push(...report.latencies);
      if (report.deliveries >= deliveries || quietFor() > QUIET_MS) return true;
      report = await crowd.report();
      return false;
    },
    PATIENCE_MS,
    signal,
  );
  return { ...report, latencies };
}

async function usedMemory(stage: Stage): Promise<number> {
  return Number((await readInfo(stage.redis.admin, 'memory')).get('used_memory') ?? 0);
}
