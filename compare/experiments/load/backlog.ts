import { formatNumber } from '@redis-messaging/shared/text/table';
import { measureByStats } from '../../measure/measure.ts';
import { residentBytes } from '../../measure/memory.ts';
import { nothingLostUnread, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { forEach } from '../findings.ts';

const BACKLOG = 100_000;

export const backlog: Experiment = {
  name: 'backlog',
  question: `${formatNumber(BACKLOG)} messages wait: how fast are they drained, and how much memory does that take?`,
  steps: [
    'messages are published as fast as possible, with no subscriber',
    'a subscriber starts and drains them, one pattern after the other',
  ],
  seconds: 12,
  withPeers: true,

  async run(testbed) {
    const { services, waits, isBuilt } = testbed;
    const publisher = await services.publisher({ messages: BACKLOG, rate: 0, env: { LOG_LEVEL: 'warn' } });
    await waits.ended(publisher);
    return await forEach(testbed, async (pattern) => {
      const subscriber = await services.subscriber(pattern.name, { PATTERN: pattern.name, LOG_LEVEL: 'warn' });
      const memory = residentBytes(subscriber.process.pid as number);
      await waits.received(pattern, subscriber, pattern.guarantees.keepsUnread ? BACKLOG : 0);
      const peak = await memory.stop();
      await subscriber.stop();
      return {
        ...measureByStats({
          name: pattern.name,
          publishers: [publisher],
          made: BACKLOG,
          subscriber,
          drained: true,
        }),
        figures: { "subscriber's memory (MB)": isBuilt ? Math.round(peak / 1e6) : null },
      };
    });
  },

  headline: ({ throughput }) => (throughput === null ? 'nothing arrived' : `${formatNumber(throughput)}/s`),

  claims: (guarantees, measured) => [nothingLostUnread, nothingTwice].map((expect) => expect(guarantees, measured)),
};
