import { type Experiment, withFigures } from '../runner/experiment.ts';
import { nothingTwice } from '../verdict/claims.ts';

/** Large messages, so that they do not fit into the buffers of the system (bytes). */
const SIZE = 16_384;
const MESSAGES = 1500;
const RATE = 1500;
/** Redis' own limit is 32 MB; the same happens earlier here. */
const OUTPUT_BUFFER_LIMIT = 'pubsub 1mb 1mb 1';
/** Time for Redis to find out that it must cut somebody off. */
const CUT_OFF_MS = 300;

export const slowSubscriber: Experiment = {
  name: 'slow-subscriber',
  question: 'A subscriber stands still while others publish: what does that cost Redis, and the subscriber?',
  steps: [
    `Redis may hold 1 MB for a slow Pub/Sub client (client-output-buffer-limit)`,
    `the subscriber stands still (SIGSTOP); ${MESSAGES} messages of ${SIZE / 1024} KiB are published; it goes on (SIGCONT)`,
  ],
  needsOwnRedis: true,
  seconds: 8,

  async run(stage) {
    const { admin } = stage.redis;
    const { 'client-output-buffer-limit': before } = await admin.configGet('client-output-buffer-limit');
    await admin.configSet('client-output-buffer-limit', OUTPUT_BUFFER_LIMIT);
    const subscriber = await stage.subscriber();
    stage.fault('SIGSTOP');
    subscriber.process.kill('SIGSTOP');
    const publisher = await stage.publisher({ messages: MESSAGES, rate: RATE, env: { MESSAGE_SIZE: SIZE } });
    await stage.ended(publisher);
    await stage.sleep(CUT_OFF_MS);
    const memory = new Map<string, number>();
    for (const pattern of stage.patterns)
      memory.set(pattern.name, (await admin.memoryUsage(stage.topic(pattern), { SAMPLES: 0 })) ?? 0);
    stage.fault('SIGCONT');
    subscriber.process.kill('SIGCONT');
    await stage.settle();
    await admin.configSet('client-output-buffer-limit', before as string);
    const findings = await stage.count(() => [{ cause: 'cut off as too slow' }]);
    return withFigures(findings, (name) => ({
      'backlog in Redis (MB)': Number(((memory.get(name) ?? 0) / 1e6).toFixed(1)),
    }));
  },

  claims: (guarantees, measured) => [
    {
      text: 'a subscriber that is behind gets everything in the end',
      promised: guarantees.keepsUnread,
      holds: measured.lost === 0,
    },
    nothingTwice(guarantees, measured),
  ],
};
