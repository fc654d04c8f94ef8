import type { Pattern } from '@redis-messaging/shared/pattern';
import { figure } from '@redis-messaging/shared/table';
import { until } from '../../local/until.ts';
import { nothingLost, nothingTwice } from '../claims.ts';
import { Crowd } from '../crowd.ts';
import { type Experiment, forEach } from '../experiment.ts';
import { distributionOf, percentilesOf } from '../percentiles.ts';
import type { Measured } from '../result.ts';
import type { Stage } from '../stage.ts';

const SIZES = [1, 10, 100];
const FULL_SIZES = [...SIZES, 1000];
/** Messages and deliveries of one size: enough for a figure, few enough to wait for. */
const MOST_MESSAGES = 2000;
const DELIVERIES = 20_000;
const PACED = 20;
const PACE = 40;
const PATIENCE_MS = 20_000;

export const fanOut: Experiment = {
  name: 'fan-out',
  question: `One publisher, ${SIZES.join(', ')} (and with --full ${FULL_SIZES.at(-1)}) subscribers: what does another one cost?`,
  steps: [
    'so many subscribers subscribe, each with a connection of its own, in one process',
    `${PACED} messages come at ${PACE} a second, for the latency`,
    'then messages are published as fast as they go, for the throughput',
  ],
  seconds: 25,

  async run(stage) {
    const sizes = stage.load.full ? FULL_SIZES : SIZES;
    return await forEach(stage.patterns, async (pattern) => {
      const rounds: Measured[] = [];
      for (const size of sizes) rounds.push(await measure(stage, pattern, size));
      const figures = Object.assign({}, ...rounds.map((round) => round.figures));
      return { ...(rounds.at(-1) as Measured), figures };
    });
  },

  headline: ({ throughput, audiences }) =>
    throughput === null ? 'nothing arrived' : `${figure(throughput * audiences)} deliveries/s`,

  claims: (guarantees, measured) => [
    { ...nothingLost(guarantees, measured), promised: guarantees.keepsUnread },
    nothingTwice(guarantees, measured),
  ],
};

async function measure(stage: Stage, pattern: Pattern, size: number): Promise<Measured> {
  const copies = pattern.guarantees.audience === 'every-subscriber' ? size : 1;
  const memory = await usedMemory(stage);
  await using crowd = await Crowd.of(size, stage.env(pattern));
  const eachBytes = ((await usedMemory(stage)) - memory) / size;
  const env = { PATTERN: pattern.name, LOG_LEVEL: 'warn' };

  await (await stage.publisher({ messages: PACED, rate: PACE, env })).exited;
  const paced = await arrived(crowd, PACED * copies);
  const latency = percentilesOf(paced.latencies);

  const messages = Math.min(MOST_MESSAGES, Math.ceil(DELIVERIES / copies));
  const publisher = await stage.publisher({ messages, rate: 0, env });
  await publisher.exited;
  const all = await arrived(crowd, (PACED + messages) * copies);
  const seconds = (all.lastAt - Date.parse(String(publisher.progress[pattern.name]?.firstAt))) / 1000;
  const deliveries = all.deliveries - paced.deliveries;
  const lost = (PACED + messages) * copies - all.deliveries;
  const by = size === 1 ? '1 subscriber' : `${size} subscribers`;
  return {
    published: PACED + messages,
    accepted: PACED + messages,
    audiences: copies,
    received: all.deliveries,
    lost: Math.max(0, lost),
    duplicated: Math.max(0, -lost),
    reordered: 0,
    deadLettered: 0,
    waiting: 0,
    causes: lost > 0 ? [{ cause: 'too fast for the subscribers', messages: lost }] : [],
    throughput: Math.round(deliveries / copies / seconds),
    latencyMs: latency,
    latencyAt: distributionOf(paced.latencies),
    timeline: null,
    figures: {
      [`${by}: messages/s`]: Math.round(deliveries / copies / seconds),
      [`${by}: deliveries/s`]: Math.round(deliveries / seconds),
      [`${by}: latency p50 (ms)`]: latency?.p50 ?? null,
      [`${by}: latency p99 (ms)`]: latency?.p99 ?? null,
      [`${by}: Redis memory each (KB)`]: Math.round(eachBytes / 1000),
    },
  };
}

/** What the crowd has, once it has so much, or no more comes. */
async function arrived(crowd: Crowd, deliveries: number) {
  const latencies: number[] = [];
  let report = await crowd.report();
  let quietSince = Date.now();
  await until(
    'the crowd to have everything',
    async () => {
      const before = report.deliveries;
      latencies.push(...report.latencies);
      if (report.deliveries >= deliveries || Date.now() - quietSince > 1000) return true;
      report = await crowd.report();
      if (report.deliveries !== before) quietSince = Date.now();
      return false;
    },
    PATIENCE_MS,
  );
  return { ...report, latencies };
}

async function usedMemory(stage: Stage): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await stage.redis.admin.info('memory'))?.[1] ?? 0);
}
