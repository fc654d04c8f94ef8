import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { CUT_OFF, type PossibleCause } from '../../account/causes.ts';
import { writtenAt } from '../../account/lines.ts';
import { type Outage, pushedDuring } from '../../account/outages.ts';
import { nothingLostBehind, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { withFigures } from '../findings.ts';

/** Large messages, so that they do not fit into the buffers of the system (bytes). */
const SIZE = 16_384;
const MESSAGES = 1500;
const RATE = 1500;
const LIMIT = 'client-output-buffer-limit';
/** Redis' own limit is 32 MB; the same happens earlier here. */
const SMALL_LIMIT = 'pubsub 1mb 1mb 1';
/** Time for Redis to find out that it must disconnect a client: ms. */
const DISCONNECT_MS = 300;

/** What a stall may cost: what was pushed until the subscriber was back, if Redis did disconnect it. */
export const lostInStall = ({ keepsUnread }: Guarantees, cutOffs: readonly Outage[]): PossibleCause[] =>
  keepsUnread ? [] : [pushedDuring(CUT_OFF, cutOffs)];

export const slowSubscriber: Experiment = {
  name: 'slow-subscriber',
  question: 'A subscriber stalls while others publish: what does that cost Redis, and the subscriber?',
  steps: [
    `Redis may buffer 1 MB for a slow Pub/Sub client (${LIMIT})`,
    `the subscriber is paused (SIGSTOP); ${MESSAGES} messages of ${SIZE / 1024} KiB are published; it goes on (SIGCONT)`,
  ],
  needsOwnRedis: true,
  seconds: 8,

  async run({ patterns, redis: { admin }, topics, services, faults, waits, evidence }) {
    const { [LIMIT]: before } = await admin.configGet(LIMIT);
    await admin.configSet(LIMIT, SMALL_LIMIT);
    const subscriber = await services.subscriber();
    const from = faults.record('SIGSTOP');
    subscriber.process.kill('SIGSTOP');
    const publisher = await services.publisher({ messages: MESSAGES, rate: RATE, env: { MESSAGE_SIZE: SIZE } });
    await waits.ended(publisher);
    await waits.sleep(DISCONNECT_MS);
    const memory = new Map<string, number>();
    for (const pattern of patterns)
      memory.set(pattern.name, (await admin.memoryUsage(topics.nameOf(pattern), { SAMPLES: 0 })) ?? 0);
    faults.event('SIGCONT');
    subscriber.process.kill('SIGCONT');
    await waits.settled();
    await admin.configSet(LIMIT, before as string);
    const cutOffs = subscriber.events('reconnected').map((line) => ({ from, until: writtenAt(line) }));
    const findings = await evidence.reconcile({ causesOf: ({ guarantees }) => lostInStall(guarantees, cutOffs) });
    return withFigures(findings, (name) => ({
      'backlog in Redis (MB)': Number(((memory.get(name) ?? 0) / 1e6).toFixed(1)),
    }));
  },

  claims: (guarantees, measured) => [nothingLostBehind, nothingTwice].map((expect) => expect(guarantees, measured)),
};
