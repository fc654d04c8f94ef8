import { formatNumber } from '@redis-messaging/shared/text/table';
import { TOO_FAST } from '../../measure/causes.ts';
import { measureByStats } from '../../measure/measure.ts';
import { costOf } from '../../measure/redis-cost.ts';
import { inOrder, nothingLost, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { forEach } from '../findings.ts';

/** This many times the messages of other experiments, because these go fast. */
const FACTOR = 50;

export const throughput: Experiment = {
  name: 'throughput',
  question: 'How many messages per second are possible, and what does one cost Redis?',
  steps: ['one publisher publishes as fast as it can, one subscriber receives, one pattern after the other'],
  seconds: 14,
  withPeers: true,

  async run({ patterns, load, redis, services, waits }) {
    return await forEach(patterns, async (pattern) => {
      const env = { PATTERN: pattern.name, LOG_LEVEL: 'warn' };
      const subscriber = await services.subscriber(pattern.name, env);
      const cost = await costOf(redis.admin);
      const messages = FACTOR * load.messages;
      const publisher = await services.publisher({ messages, rate: 0, env });
      await waits.ended(publisher);
      await waits.received(pattern, subscriber, messages);
      const figures = await cost.perMessage(messages);
      await subscriber.stop();
      const possibleCauses = [{ cause: TOO_FAST }];
      return { ...measureByStats({ name: pattern.name, publisher, subscriber, possibleCauses }), figures };
    });
  },

  headline: ({ throughput }) => (throughput === null ? 'nothing arrived' : `${formatNumber(throughput)}/s`),

  claims: (guarantees, measured) =>
    [nothingLost, nothingTwice, inOrder].map((expect) => ({
      ...expect(guarantees, measured),
      // A Pub/Sub subscriber that cannot keep up loses messages; no pattern promises otherwise.
      ...(expect === nothingLost && { promised: guarantees.keepsUnread }),
    })),
};
