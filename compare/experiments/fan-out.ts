import type { PublisherFigures } from '@redis-messaging/shared/figures';
import { figure } from '@redis-messaging/shared/table';
import type { ServiceProcess } from '../../local/service-process.ts';
import { until } from '../../local/until.ts';
import { nothingLost, nothingTwice } from '../claims.ts';
import { Crowd } from '../crowd.ts';
import { type Experiment, forEach, type Subject } from '../experiment.ts';
import { readInfo } from '../info.ts';
import { distributionOf, percentilesOf } from '../percentiles.ts';
import type { Measured } from '../result.ts';
import type { Stage } from '../stage.ts';
import { silenceOf } from '../waits.ts';

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
      const sizes = copied ? [...SIZES, MANY] : [1, 100];
      await using crowd = await Crowd.start(stage.env(pattern));
      const rounds: Measured[] = [];
      for (const [index, size] of sizes.entries())
        rounds.push(await measure(stage, pattern, crowd, size, sizes[index - 1] ?? 0));
      const idle = stage.load.full && copied ? await memoryAt(stage, crowd, IDLE) : {};
      const figures = Object.assign({}, ...rounds.map((round) => round.figures), idle);
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

async function measure(stage: Stage, pattern: Subject, crowd: Crowd, size: number, before: number): Promise<Measured> {
  const copies = pattern.guarantees.audience === 'every-subscriber' ? size : 1;
  const eachKilobytes = await grow(stage, crowd, before, size);
  const env = { PATTERN: pattern.name, LOG_LEVEL: 'warn' };
  const { deliveries: earlier } = await crowd.report();

  const walk = await stage.publisher({ messages: PACED, rate: Math.min(PACE, PACED_DELIVERIES / copies), env });
  await walk.exited;
  const paced = await arrived(crowd, earlier + PACED * copies);
  const latency = percentilesOf(paced.latencies);

  const messages = Math.min(MOST_MESSAGES, Math.ceil(DELIVERIES / copies));
  const rush = await stage.publisher({ messages, rate: 0, env });
  await rush.exited;
  const sent = (publisher: ServiceProcess) => publisher.progress[pattern.name] as PublisherFigures;
  const accepted = sent(walk).published + sent(rush).published;
  const all = await arrived(crowd, earlier + accepted * copies);
  const seconds = (all.lastAt - Date.parse(String(sent(rush).firstAt))) / 1000;
  const deliveries = all.deliveries - paced.deliveries;
  const received = all.deliveries - earlier;
  const lost = accepted * copies - received;
  const by = size === 1 ? '1 subscriber' : `${size} subscribers`;
  return {
    published: PACED + messages,
    accepted,
    audiences: copies,
    received,
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
      [`${by}: messages/s, as often quoted`]: QUOTED[size] ?? null,
      [`${by}: deliveries/s`]: Math.round(deliveries / seconds),
      [`${by}: latency p50 (ms)`]: latency?.p50 ?? null,
      [`${by}: latency p99 (ms)`]: latency?.p99 ?? null,
      [`${by}: Redis memory each (KB)`]: eachKilobytes,
    },
  };
}

/** The memory of Redis for each of so many subscribers. Says nothing if Redis does not take so many clients. */
async function memoryAt(stage: Stage, crowd: Crowd, size: number): Promise<Measured['figures']> {
  const { maxclients } = await stage.redis.admin.configGet('maxclients');
  if (Number(maxclients) < size + OTHERS) return {};
  return { [`${size} subscribers: Redis memory each (KB)`]: await grow(stage, crowd, MANY, size) };
}

/** Lets the crowd grow. Returns what each that came costs Redis: KB. */
async function grow(stage: Stage, crowd: Crowd, before: number, size: number): Promise<number> {
  const memory = await usedMemory(stage);
  await crowd.growTo(size);
  return Math.round(((await usedMemory(stage)) - memory) / (size - before) / 1000);
}

/** What the crowd has, once it has so much, or no more comes. */
async function arrived(crowd: Crowd, deliveries: number) {
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
  );
  return { ...report, latencies };
}

async function usedMemory(stage: Stage): Promise<number> {
  return Number((await readInfo(stage.redis.admin, 'memory')).get('used_memory') ?? 0);
}
