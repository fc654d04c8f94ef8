import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Measured } from '../../measure/result.ts';
import type { Subject } from '../../peers/subject.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { nothingLostAtFullSpeed, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { forEach } from '../findings.ts';
import { DELIVERED, grow, measureRound, PACED, PACED_DELIVERIES, RATE } from './fan-out-round.ts';
import { SubscriberPool } from './subscriber-pool.ts';

const SIZES = [1, 10, 100];
/** Where messages are shared: more subscribers say nothing new. */
const SHARED_SIZES = [1, 100];
/** One more size, where each subscriber gets a copy. */
const MANY = 1000;
/** With --full, what this many subscribers cost while nothing is published. */
const IDLE = 10_000;
/** Clients that are not in the pool. */
const OTHERS = 20;

export const fanOut: Experiment = {
  name: 'fan-out',
  question: `One publisher, ${SIZES.join(', ')} (where each gets a copy, ${MANY}) subscribers: what does each further one cost?`,
  steps: [
    'the subscribers of one size subscribe, each with a connection of its own, in one process',
    `${PACED} messages are published at ${PACED_DELIVERIES / MANY} to ${RATE} per second, for the latency`,
    'then messages are published as fast as possible, for the throughput',
  ],
  ownSettings: [`maxclients ${IDLE + 1000}`],
  seconds: 17,
  onlyMeasures: true,

  async run(testbed) {
    return await forEach(testbed, (pattern) => measure(testbed, pattern));
  },

  headline({ figures }) {
    const [, deliveries] = Object.entries(figures).findLast(([name]) => name.endsWith(`: ${DELIVERED}`)) ?? [];
    return deliveries ? `${formatNumber(Number(deliveries))} ${DELIVERED}` : 'nothing arrived';
  },

  claims: (guarantees, measured) => [nothingLostAtFullSpeed(guarantees, measured), nothingTwice(guarantees, measured)],
};

/** A round for each size, with a pool that grows. Throughput and latency are those of the largest. */
async function measure(testbed: Testbed, pattern: Subject): Promise<Measured> {
  const isCopied = pattern.guarantees.audience === 'every-subscriber';
  const most = await mostSubscribers(testbed);
  const wanted = isCopied ? [...SIZES, MANY] : SHARED_SIZES;
  const sizes = wanted.filter((size, index) => index === 0 || size <= most);
  const env = { ...testbed.services.env, PATTERN: pattern.name };
  await using pool = await SubscriberPool.start(env, testbed.signal);
  const rounds: Measured[] = [];
  for (const size of sizes) rounds.push(await measureRound(testbed, pattern, pool, size));
  const idle = testbed.load.full && isCopied && IDLE <= most ? await memoryAt(testbed, pool, IDLE) : {};
  const figures = Object.assign({}, ...rounds.map((round) => round.figures), idle);
  const last = rounds.at(-1) as Measured;
  const { throughput, latencyMs, latencyAt } = last;
  // What is judged is the round in which something went wrong, if there was one: perhaps that of one subscriber.
  const judged = rounds.find(({ lost, duplicated }) => lost !== 0 || duplicated > 0) ?? last;
  return { ...judged, throughput, latencyMs, latencyAt, figures };
}

/** How many subscribers Redis takes, as far as it tells. */
async function mostSubscribers({ redis }: Testbed): Promise<number> {
  const settings: Record<string, string> = await redis.admin.configGet('maxclients').catch(() => ({}));
  return Number(settings.maxclients ?? Number.POSITIVE_INFINITY) - OTHERS;
}

/** The memory of Redis for each subscriber of a pool of this size. */
async function memoryAt(testbed: Testbed, pool: SubscriberPool, size: number): Promise<Measured['figures']> {
  return { [`${size} subscribers: Redis memory each (KB)`]: await grow(testbed, pool, size) };
}
