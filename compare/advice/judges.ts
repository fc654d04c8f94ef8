import { formatDuration, formatNumber } from '@redis-messaging/shared/text/table';
import type { Candidate, Finding } from './advice.ts';
import type { Need, Needs } from './needs.ts';

const NOT_MEASURED = 'not measured';

type Judge = (needs: Needs, candidate: Candidate) => Omit<Finding, 'need'> | undefined;

const yes = (why: string, provided?: string) => ({ met: true, why, ...(provided !== undefined && { provided }) });
const no = (why: string) => ({ met: false, why });
const notMeasured = (why: string) => ({ met: undefined, why });

/** Whether a pattern meets each need; `undefined` where the need is not given. */
export const judges: Readonly<Record<Need, Judge>> = {
  loss({ loss }, { guarantees: { keepsUnread, survivesCrash, delivery } }) {
    if (loss === 'any') return undefined;
    const isAll = loss === 'none';
    const losses = [
      ...(keepsUnread ? [] : ['messages published while nobody listens are lost']),
      ...(isAll && !survivesCrash ? ['messages in flight are lost when a subscriber crashes'] : []),
      ...(isAll && survivesCrash && delivery === 'at-most-once' ? ['messages lost on the way are not sent again'] : []),
    ];
    if (losses.length > 0) return no(losses.join('; '));
    if (loss === 'crash-ok') return yes('unread messages wait in Redis');
    return yes(
      'unread messages wait in Redis; messages in flight at a crash are redelivered',
      'Redis itself must keep its data: appendonly yes, appendfsync always',
    );
  },

  duplicates({ duplicates }, { guarantees: { delivery } }) {
    if (duplicates === 'ok') return undefined;
    if (delivery === 'at-most-once') return yes('nothing is delivered twice');
    return yes(
      'messages are redelivered after a crash, but with DEDUPE_TTL each takes effect once',
      'set DEDUPE_TTL, longer than any redelivery can take, for publisher and subscribers (README, "Effectively once")',
    );
  },

  fanout({ fanout }, { guarantees: { audience, groups } }) {
    if (fanout === 1) return undefined;
    if (groups) return yes('each group gets every message', 'give each consumer group a GROUP of its own');
    if (audience === 'every-subscriber') return yes('every subscriber gets a copy');
    return no(
      `each message goes to one subscriber: it would take ${fanout} topics, and the publisher would send each message ${fanout} times, which is not atomic; if it crashes in between, some topics miss messages`,
    );
  },

  workers({ workers }, { guarantees: { audience, groups } }) {
    if (workers === 1) return undefined;
    if (groups) return yes('the members of a group share its messages');
    if (audience === 'one-subscriber') return yes('each message goes to one of the subscribers');
    return no(`every subscriber gets a copy, so that ${workers} workers would all do the same work`);
  },

  late({ late }, { guarantees: { replays, keepsUnread } }) {
    if (late === 'no') return undefined;
    if (replays)
      return yes('handled messages stay readable for others', 'the history is as long as the length limit allows');
    return no(keepsUnread ? 'a handled message is gone for all others' : 'nothing is kept for late subscribers');
  },

  order({ order, workers }, { guarantees: { ordered, survivesCrash } }) {
    if (order === 'no') return undefined;
    if (!ordered) return no('messages may overtake each other');
    if (workers > 1)
      return no('several workers overtake each other: use one worker per consumer group, or a topic per worker');
    return yes(
      'messages arrive in the order in which they were published',
      survivesCrash ? 'handlers accept that a redelivered message arrives after later ones' : undefined,
    );
  },

  p99({ p99, rate }, { speed }) {
    if (p99 === undefined) return undefined;
    if (speed?.p99 === undefined) return notMeasured(NOT_MEASURED);
    const { pace = 0 } = speed;
    const measured = `p99 was ${formatDuration(speed.p99)} at ${formatNumber(pace)} messages/s`;
    const wanted = rate ?? pace;
    if (speed.p99 <= p99)
      return pace >= wanted ? yes(measured) : notMeasured(`${NOT_MEASURED} at this rate: ${measured}`);
    return pace <= wanted ? no(measured) : notMeasured(`${NOT_MEASURED} at this rate: ${measured}`);
  },

  rate({ rate }, { speed }) {
    if (rate === undefined) return undefined;
    if (speed?.throughput === undefined) return notMeasured(NOT_MEASURED);
    const measured = `${formatNumber(speed.throughput)} messages/s went through one subscriber`;
    return speed.throughput >= rate ? yes(measured) : no(measured);
  },
};
