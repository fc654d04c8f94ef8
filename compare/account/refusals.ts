import type { Line } from '../../testkit/service-process.ts';
import type { Cause } from '../measure/result.ts';
import { type CountedCause, causesOfCount } from './causes.ts';
import { madeAt } from './lines.ts';
import type { Outage } from './outages.ts';
import type { Publishing } from './publishing.ts';

/**
 * How many messages a publisher made while Redis was away for it, by their running numbers: those that Redis did not accept, as far as
 * the accepted ones before and behind them were not made before, or after, all outages.
 *
 * @param accepted the lines of one publisher, in the order in which it made the messages
 */
export function madeInOutages(accepted: readonly Line[], made: number, outages: readonly Outage[]): number {
  const times = new Map(accepted.map((line) => [line.count as number, madeAt(line)]));
  let explained = 0;
  for (let count = 1; count <= made; count++) {
    if (times.has(count)) continue;
    const before = nearest(times, count, -1, made) ?? Number.NEGATIVE_INFINITY;
    const behind = nearest(times, count, 1, made) ?? Number.POSITIVE_INFINITY;
    if (outages.some(({ from, until }) => before <= until && behind >= from)) explained++;
  }
  return explained;
}

/** When the nearest accepted message on one side of a number was made. */
function nearest(times: ReadonlyMap<number, number>, count: number, step: 1 | -1, made: number): number | undefined {
  for (let other = count + step; other >= 1 && other <= made; other += step)
    if (times.has(other)) return times.get(other);
  return undefined;
}

/** Why messages did not get into Redis. @param explained how many of them were made while it was away @param copies of each message */
export function refusalCauses(
  { refused, unconfirmed, buffered }: Omit<Publishing, 'made' | 'accepted'>,
  explained: number,
  copies: number,
): Cause[] {
  const reasons: readonly (readonly [string, number])[] = [
    ['refused: Redis was not there', refused],
    ['unconfirmed: the connection broke before Redis answered', unconfirmed],
    ['still in the publisher', buffered],
  ];
  let left = explained;
  const counted = reasons.map(([cause, messages]): CountedCause => {
    const atMost = Math.min(messages, left);
    left -= atMost;
    return { cause, atMost: atMost * copies };
  });
  return causesOfCount((refused + unconfirmed + buffered) * copies, counted);
}
