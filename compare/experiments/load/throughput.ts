import { formatNumber } from '@redis-messaging/shared/text/table';
import type { ServiceProcess } from '../../../testkit/service-process.ts';
import { measureByStats } from '../../measure/measure.ts';
import { type Cost, costOf } from '../../measure/redis-cost.ts';
import type { Measured } from '../../measure/result.ts';
import type { Subject } from '../../peers/subject.ts';
import { cutOffs } from '../../testbed/cut-offs.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import type { Waits } from '../../testbed/waits.ts';
import { inOrder, nothingLostAtFullSpeed, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { forEach } from '../findings.ts';

/** This many times the messages of other experiments, because these go fast. */
const FACTOR = 50;
/** The same for the messages before anything is measured. */
const WARM_UP_FACTOR = 10;

export const throughput: Experiment = {
  name: 'throughput',
  question: 'How many messages per second are possible, and what does one cost Redis?',
  steps: [
    'a subscriber and Redis warm up with some messages',
    'then one publisher publishes as fast as it can, and the subscriber receives, one pattern after the other',
  ],
  onlyMeasures: true,
  seconds: 18,
  withPeers: true,

  async run(testbed) {
    const { waits, redis } = testbed;
    const costOfAll = () => costOf(redis.admin);
    return await forEach(testbed, (pattern) =>
      measureFullSpeed(testbed, pattern, (...all) => waits.received(...all), costOfAll),
    );
  },

  headline: ({ throughput }) => (throughput === null ? 'nothing arrived' : `${formatNumber(throughput)}/s`),

  claims: (guarantees, measured) =>
    [nothingLostAtFullSpeed, nothingTwice, inOrder].map((expect) => expect(guarantees, measured)),
};

/**
 * One publisher and one subscriber at full speed.
 * @param arrived waits until the subscriber has so many messages, or no more arrive
 * @param cost begins to note what Redis uses
 */
export async function measureFullSpeed(
  { services, waits, redis, load }: Testbed,
  pattern: Subject,
  arrived: Waits['received'],
  cost: () => Promise<Cost>,
): Promise<Measured> {
  const { name } = pattern;
  const env = { PATTERN: name, LOG_LEVEL: 'warn' };
  const subscriber = await services.subscriber(name, env);
  const publish = async (messages: number, total: number, SENDER: string): Promise<ServiceProcess> => {
    const publisher = await services.publisher({ messages, rate: 0, env: { ...env, SENDER } });
    await waits.ended(publisher);
    await arrived(pattern, subscriber, total);
    return publisher;
  };
  const warmUp = WARM_UP_FACTOR * load.messages;
  const messages = FACTOR * load.messages;
  const first = await publish(warmUp, warmUp, 'warm-up');
  const before = subscriber.progress[name] as { received: number };
  const spent = await cost();
  const publisher = await publish(messages, warmUp + messages, 'measured');
  const figures = await spent.perMessage(messages);
  await subscriber.stop();
  const countedCauses = [await cutOffs(redis.admin, load, subscriber.events('disconnected').length)];
  const publishers = [first, publisher];
  const measured = measureByStats({ name, publishers, made: services.told(publishers), subscriber, countedCauses });
  return { ...measured, throughput: perSecond(subscriber, publisher, name, before.received), figures };
}

/** Messages per second, from the first that was published after the warm-up to the last that was received. */
function perSecond(subscriber: ServiceProcess, publisher: ServiceProcess, name: string, before: number): number | null {
  const { received, lastAt } = subscriber.progress[name] as { received: number; lastAt: string };
  const seconds = (Date.parse(lastAt) - Date.parse(publisher.progress[name]?.firstAt ?? '')) / 1000;
  return received > before ? Math.round((received - before) / seconds) : null;
}
