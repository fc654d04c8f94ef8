import { formatNumber } from '@redis-messaging/shared/text/table';
import { measureByFigures } from '../measure/measure.ts';
import { residentBytes } from '../measure/memory.ts';
import { type Experiment, forEach } from '../runner/experiment.ts';
import { nothingLostUnread, nothingTwice } from '../verdict/claims.ts';

const WAITING = 100_000;

export const backlog: Experiment = {
  name: 'backlog',
  question: `${WAITING.toLocaleString('en')} messages wait: how fast are they drained, and what does it cost?`,
  steps: [
    'messages are published as fast as they go, with nobody there',
    'a subscriber starts, and drains them, one pattern after the other',
  ],
  seconds: 12,
  withPeers: true,

  async run(stage) {
    const publisher = await stage.publisher({ messages: WAITING, rate: 0, env: { LOG_LEVEL: 'warn' } });
    await stage.ended(publisher);
    return await forEach(stage.patterns, async (pattern) => {
      const subscriber = await stage.subscriber(pattern.name, { PATTERN: pattern.name, LOG_LEVEL: 'warn' });
      const memory = residentBytes(subscriber.process.pid as number);
      await stage.received(pattern, subscriber, pattern.guarantees.keepsUnread ? WAITING : 0);
      const peak = await memory.stop();
      await subscriber.stop();
      return {
        ...measureByFigures({ name: pattern.name, publisher, subscriber, drained: true }),
        figures: { "subscriber's memory (MB)": stage.isBuilt ? Math.round(peak / 1e6) : null },
      };
    });
  },

  headline: ({ throughput }) => (throughput === null ? 'nothing arrived' : `${formatNumber(throughput)}/s`),

  claims: (guarantees, measured) => [nothingLostUnread, nothingTwice].map((expect) => expect(guarantees, measured)),
};
