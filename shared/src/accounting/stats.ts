import { formatNumber, milliseconds, renderTable } from '../text/table.ts';
import type { LatencyReport } from './latency.ts';

/** What Redis holds for a pattern's topic, as in `Backlog` of pattern.ts; `null` when it does not answer or cannot tell. */
export interface Held {
  /** Messages that wait for a subscriber. */
  readonly backlog: number | null;
  readonly inFlight: number | null;
  readonly deadLetters: number | null;
  readonly listeners: number | null;
  readonly wildcards: number | null;
  readonly channels: number | null;
}

/** What both services report of each pattern. */
interface Common extends Held {
  /** ISO times of the first and the last message; `null` before the first. */
  readonly firstAt: string | null;
  readonly lastAt: string | null;
}

/** Of the messages made, one place each: made = published + refused + unconfirmed + buffered. */
export interface PublisherStats extends Common {
  /** Redis took them. */
  readonly published: number;
  /** Redis certainly did not take them, and they are not kept for another try. */
  readonly refused: number;
  /** The connection broke before Redis answered: taken or not, nobody can say. */
  readonly unconfirmed: number;
  /** Sent again after the connection broke, where it may arrive twice, or where DEDUPE_TTL makes sure that it does not. */
  readonly retried: number;
  /** In this process, not answered yet. */
  readonly buffered: number;
  /** Of the published: reached no subscriber, and nobody will ever get them. */
  readonly noSubscribers: number;
}

/** See `Account` in ledger.ts for the first six. */
export interface SubscriberStats extends Common {
  readonly published: number;
  readonly received: number;
  readonly lost: number;
  readonly elsewhere: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Deliveries of what had been delivered before, and not acknowledged. */
  readonly redelivered: number;
  /** Deliveries of what had been handled before, here or elsewhere, and was therefore left out (DEDUPE_TTL). */
  readonly deduplicated: number;
  /** Messages that were gone from Redis before they were acknowledged: part of `lost`. */
  readonly missing: number;
  /** Deliveries whose handler failed. */
  readonly failed: number;
  /** Messages that went to the dead letters because their attempts were used up. */
  readonly dead: number;
  /** Acknowledgements that changed nothing, because the message was no longer this subscriber's. */
  readonly leasesLost: number;
  /** Payloads that are not messages. */
  readonly invalid: number;
  readonly latencyMs: LatencyReport;
}

export type Stats = PublisherStats | SubscriberStats;
export type StatsByPattern<Kind extends Stats = Stats> = Readonly<Record<string, Kind>>;

/** A column; one that has `isWorthwhile` is shown only where it is so for a pattern. */
type Column<Kind> = readonly [title: string, cell: (stats: Kind) => string, isWorthwhile?: (stats: Kind) => boolean];
type Columns<Kind> = readonly Column<Kind>[];

const heldColumns: Columns<Held> = [
  ['backlog', (f) => formatNumber(f.backlog)],
  ['in flight', (f) => formatNumber(f.inFlight), (f) => (f.inFlight ?? 0) > 0],
  ['listeners', (f) => formatNumber(f.listeners), (f) => f.listeners !== null],
  ['wildcards', (f) => formatNumber(f.wildcards), (f) => (f.wildcards ?? 0) > 0],
];

const publisherColumns: Columns<PublisherStats> = [
  ['published', (f) => formatNumber(f.published)],
  ['refused', (f) => formatNumber(f.refused)],
  ['unconfirmed', (f) => formatNumber(f.unconfirmed)],
  ['retried', (f) => formatNumber(f.retried), (f) => f.retried > 0],
  ['buffered', (f) => formatNumber(f.buffered)],
  ['no subscribers', (f) => formatNumber(f.noSubscribers)],
  ...heldColumns,
];

const subscriberColumns: Columns<SubscriberStats> = [
  ['published', (f) => formatNumber(f.published)],
  ['received', (f) => formatNumber(f.received)],
  ['lost', (f) => formatNumber(f.lost)],
  ['elsewhere', (f) => formatNumber(f.elsewhere)],
  ['duplicated', (f) => formatNumber(f.duplicated)],
  ['out of order', (f) => formatNumber(f.reordered)],
  ['redelivered', (f) => formatNumber(f.redelivered), (f) => f.redelivered > 0],
  ['deduplicated', (f) => formatNumber(f.deduplicated), (f) => f.deduplicated > 0],
  ['failed', (f) => formatNumber(f.failed), (f) => f.failed > 0],
  ['dead', (f) => formatNumber(f.dead), (f) => f.dead > 0],
  ['leases lost', (f) => formatNumber(f.leasesLost), (f) => f.leasesLost > 0],
  ['invalid', (f) => formatNumber(f.invalid)],
  ...heldColumns,
  ['latency p50', (f) => milliseconds(f.latencyMs.p50)],
  ['p99', (f) => milliseconds(f.latencyMs.p99)],
];

/** The patterns side by side, a line each. */
export function statsTable(patterns: StatsByPattern): string {
  const all = Object.values(patterns);
  if (all.every((stats) => 'received' in stats))
    return table(subscriberColumns, patterns as StatsByPattern<SubscriberStats>);
  return table(publisherColumns, patterns as StatsByPattern<PublisherStats>);
}

function table<Kind extends Stats>(columns: Columns<Kind>, patterns: StatsByPattern<Kind>): string {
  const all = Object.values(patterns);
  const shown = columns.filter(([, , isWorthwhile]) => !isWorthwhile || all.some(isWorthwhile));
  const rows = Object.entries(patterns).map(([name, stats]) => [name, ...shown.map(([, cell]) => cell(stats))]);
  return renderTable(['pattern', ...shown.map(([title]) => title)], rows);
}
