import { formatNumber } from '@redis-messaging/shared/text/table';
import { measureByFigures } from '../measure/measure.ts';
import { TOO_FAST } from '../measure/reconciliation.ts';
import { costOf } from '../measure/redis-cost.ts';
import { type Experiment, forEach } from '../runner/experiment.ts';
import { inOrder, nothingLost, nothingTwice } from '../verdict/claims.ts';

/** So many times the messages of other experiments, because these go fast. */
const FACTOR = 50;

export const throughput: Experiment = {
  name: 'throughput',
  question: 'How much goes through, and what does a message cost Redis?',
  steps: ['one publisher publishes as fast as it can, one subscriber receives, one pattern after the other'],
  seconds: 14,
  withPeers: true,

  async run(stage) {
    return await forEach(stage.patterns, async (pattern) => {
      const env = { PATTERN: pattern.name, LOG_LEVEL: 'warn' };
      const subscriber = await stage.subscriber(pattern.name, env);
      const cost = await costOf(stage.redis.admin);
      const messages = FACTOR * stage.load.messages;
      const publisher = await stage.publisher({ messages, rate: 0, env });
      await stage.ended(publisher);
      await stage.received(pattern, subscriber, messages);
      const figures = await cost.perMessage(messages);
      await subscriber.stop();
      return {
        ...measureByFigures({ name: pattern.name, publisher, subscriber, blames: [{ cause: TOO_FAST }] }),
        figures,
      };
    });
  },

  headline: ({ throughput }) => (throughput === null ? 'nothing arrived' : `${formatNumber(throughput)}/s`),

  claims: (guarantees, measured) =>
    [nothingLost, nothingTwice, inOrder].map((expect) => ({
      ...expect(guarantees, measured),
      // A Pub/Sub subscriber that cannot keep up loses messages, and nobody promised otherwise.
      ...(expect === nothingLost && { promised: guarantees.keepsUnread }),
    })),
};
