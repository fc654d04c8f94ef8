import type { OwnRedis } from '../../testbed/lab-redis.ts';
import { nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';

/** How Redis keeps its data. */
type Persistence = 'always' | 'everysec' | 'none';

const SETTINGS: Readonly<Record<Persistence, readonly string[]>> = {
  always: ['appendonly yes', 'appendfsync always'],
  everysec: ['appendonly yes', 'appendfsync everysec'],
  none: [],
};
const ABSENCE_MS = 400;
/** Slower than messages are published, so that some wait in Redis when it is killed. */
const SLOWER = 1.5;

export const redisKilled = (persistence: Persistence): Experiment => ({
  name: `redis-killed-${persistence}`,
  question: `Redis is killed (${persistence === 'none' ? 'no persistence' : `appendfsync ${persistence}`}): which accepted messages are lost?`,
  steps: [
    `Redis runs with: ${SETTINGS[persistence].join(', ') || 'no persistence'}`,
    'messages are published at the given rate, faster than the subscriber works',
    `Redis is killed (SIGKILL) at a moment from the seed, and starts again after ${ABSENCE_MS} ms`,
  ],
  needsOwnRedis: true,
  ownSettings: SETTINGS[persistence],
  seconds: 9,

  async run({ redis: given, load, services, faults, waits, evidence }) {
    const redis = given as OwnRedis;
    await services.subscriber('A', { WORK_TIME: SLOWER / load.rate });
    await services.publisher();
    const [moment = 0] = faults.moments(1, 0.3, 0.7);
    await waits.sleep(moment);
    faults.record(`SIGKILL of Redis after ${moment} ms`);
    await redis.kill();
    await waits.sleep(ABSENCE_MS);
    await redis.restart();
    await waits.settled();
    return await evidence.reconcile(({ guarantees }) => [
      { cause: guarantees.keepsUnread ? lossOf(persistence) : 'the connection was down' },
    ]);
  },

  claims: (guarantees, measured) => [
    {
      text: 'what Redis accepted survives its crash',
      promised: guarantees.delivery === 'at-least-once' && persistence === 'always',
      holds: measured.lost === 0,
    },
    nothingTwice(guarantees, measured),
  ],
});

const lossOf = (persistence: Persistence): string =>
  persistence === 'always' ? 'popped, then Redis was killed' : 'not yet on disk, or popped, when Redis was killed';
