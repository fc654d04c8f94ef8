import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Counts, Measurement } from '../measure/result.ts';

/** What happened to a pattern's messages, and the number that the experiment is about: the text of a cell, before its mark. */
export function cellText(measurement: Measurement): string {
  const { headline } = measurement;
  return [accountText(measurement), ...(headline === undefined ? [] : [headline])].join('; ');
}

/** "received 671 of 1,000; 329 refused": of the messages made, for each audience, and what became of all others. */
export function accountText(counts: Counts): string {
  const { made, audiences, received } = counts;
  const copies = Math.max(1, audiences);
  const fates: readonly (readonly [number, string])[] = [
    [counts.lost, 'lost'],
    [counts.refused * copies, 'refused'],
    [counts.unconfirmed * copies, 'unconfirmed'],
    [counts.buffered * copies, 'buffered'],
    [counts.waiting, 'waiting'],
    [counts.inFlight, 'in flight'],
    [counts.dead, 'dead'],
    [counts.duplicated, 'twice'],
  ];
  const others = fates
    .filter(([messages]) => messages !== 0)
    .map(([messages, fate]) => `${formatNumber(messages)} ${fate}`);
  return [`received ${formatNumber(received)} of ${formatNumber(made * copies)}`, ...others].join('; ');
}

/** The part of the messages made that arrived: percent; `null` if none was made. */
export function deliveredPercent({ made, audiences, received }: Counts): number | null {
  const wanted = made * Math.max(1, audiences);
  return wanted === 0 ? null : (100 * received) / wanted;
}

/** A percentage that is not rounded to a whole that it does not reach: 99.9 % is not 100 %, and 0.1 % not 0 %. */
export function percent(value: number | null): string {
  if (value === null) return '-';
  if (value > 0 && value < 1) return '< 1 %';
  if (value > 99 && value < 100) return '> 99 %';
  return `${formatNumber(value)} %`;
}
