import { sanitize } from '../text/sanitize.ts';
import { formatNumber, renderTable } from '../text/table.ts';
import { formatLatency, type LatencyReport } from './latency.ts';
import type { Balance } from './sessions/balance.ts';

/** What Redis holds for a pattern's topic, as in `Backlog` of pattern.ts; `null` when it does not answer or cannot tell. */
export interface Held {
  /** Messages that wait for a subscriber. */
  readonly waiting: number | null;
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

/** Of the messages made, one place each: made = accepted + refused + unconfirmed + buffered. */
export interface PublisherStats extends Common {
  readonly made: number;
  /** Redis took them. */
  readonly accepted: number;
  /** Redis certainly did not take them, and they are not kept for another try. */
  readonly refused: number;
  /** The connection broke before Redis answered: taken or not, nobody can say. */
  readonly unconfirmed: number;
  /** Sent again after the connection broke, where it may arrive twice, or where DEDUPE_TTL makes sure that it does not. */
  readonly retried: number;
  /** In this process, not answered yet. */
  readonly buffered: number;
  /** Of the accepted: reached no subscriber, and nobody will ever get them. */
  readonly noSubscribers: number;
}

/** The account of a pattern's audience (see `Balance`), and what this subscriber did itself. */
export interface SubscriberStats extends Common, Omit<Balance, keyof Held> {
  /** Different messages that this subscriber handled. */
  readonly received: number;
  /** Deliveries of messages that somebody of the audience had handled before. */
  readonly duplicated: number;
  /** Messages that came here after one with a higher count. */
  readonly reordered: number;
  /** Deliveries of what had been delivered before, and not acknowledged. */
  readonly redelivered: number;
  /** Deliveries of what had been handled before, here or elsewhere, and was therefore left out (DEDUPE_TTL). */
  readonly deduplicated: number;
  /** Messages that were gone from Redis before they were acknowledged: part of `lost`. */
  readonly missing: number;
  /** Deliveries whose handler failed. */
  readonly failed: number;
  /** Messages that this subscriber dead-lettered because their attempts were used up. */
  readonly exhausted: number;
  /** Acknowledgements that changed nothing, because the message was no longer this subscriber's. */
  readonly leasesLost: number;
  /** Payloads that are not messages. */
  readonly invalid: number;
  /** How many messages each subscriber of the audience has handled, by name; nothing if there is only one. */
  readonly shares: Readonly<Record<string, number>>;
  /** From making a message to receiving it. */
  readonly latencyMs: LatencyReport;
  /** From making a message to the end of its handler. */
  readonly handledMs: LatencyReport;
}

export type Stats = PublisherStats | SubscriberStats;
export type StatsByPattern<Kind extends Stats = Stats> = Readonly<Record<string, Kind>>;

/** A wider table is shown with a block for each pattern instead. */
const MOST_COLUMNS = 100;

/** A column; one that has `isWorthwhile` is shown only where it is so for a pattern. */
type Column<Kind> = readonly [
  title: string,
  cell: (stats: Kind) => string,
  isWorthwhile?: ((stats: Kind) => boolean) | undefined,
];
type Columns<Kind> = readonly Column<Kind>[];

const count = <Kind>(title: string, of: (stats: Kind) => number | null, always = false): Column<Kind> => [
  title,
  (stats) => formatNumber(of(stats)),
  always ? undefined : (stats) => (of(stats) ?? 0) !== 0,
];

const listenerColumns: Columns<Held> = [
  ['listeners', (f) => formatNumber(f.listeners), (f) => f.listeners !== null],
  count('wildcards', (f) => f.wildcards),
];

const publisherColumns: Columns<PublisherStats> = [
  count('made', (f) => f.made, true),
  count('accepted', (f) => f.accepted, true),
  count('refused', (f) => f.refused),
  count('unconfirmed', (f) => f.unconfirmed),
  count('buffered', (f) => f.buffered),
  count('retried', (f) => f.retried),
  count('no subscribers', (f) => f.noSubscribers),
  ...listenerColumns,
];

/** Where the messages are that Redis accepted: each of them in one place. */
const places: Columns<Omit<SubscriberStats, 'channels'>> = [
  count('accepted', (f) => f.accepted, true),
  count('handled', (f) => f.handled, true),
  count('waiting', (f) => f.waiting),
  count('in flight', (f) => f.inFlight),
  count('dead', (f) => f.dead),
  count('lost', (f) => f.lost),
  count('elsewhere', (f) => f.elsewhere),
  count('moving', (f) => f.moving),
  count('unexplained', (f) => f.unexplained),
];

const events: Columns<SubscriberStats> = [
  count('duplicated', (f) => f.duplicated),
  count('out of order', (f) => f.reordered),
  count('redelivered', (f) => f.redelivered),
  count('deduplicated', (f) => f.deduplicated),
  count('failed', (f) => f.failed),
  count('leases lost', (f) => f.leasesLost),
  count('invalid', (f) => f.invalid),
];

const latencyColumns: Columns<SubscriberStats> = [
  ['received p50', (f) => formatLatency(f.latencyMs.p50)],
  ['p99', (f) => formatLatency(f.latencyMs.p99)],
  ['handled p50', (f) => formatLatency(f.handledMs.p50)],
  ['p99', (f) => formatLatency(f.handledMs.p99)],
];

/** The patterns side by side, a line each. */
export function statsTable(patterns: StatsByPattern): string {
  const all = Object.values(patterns);
  if (all.every((stats) => 'handled' in stats)) return subscriberTable(patterns as StatsByPattern<SubscriberStats>);
  return table(publisherColumns, patterns as StatsByPattern<PublisherStats>);
}

/** What became of the messages that were made, in one table: both sides of a run. */
export function closingTable(
  publisher: StatsByPattern<PublisherStats>,
  subscriber: StatsByPattern<SubscriberStats>,
): string {
  const both = Object.entries(publisher).flatMap(([name, sent]) => {
    const got = subscriber[name];
    // What was unconfirmed and has turned up is among the accepted.
    return got ? [[name, { ...got, made: sent.made, refused: sent.refused, buffered: sent.buffered }] as const] : [];
  });
  type Both = SubscriberStats & Pick<PublisherStats, 'made' | 'refused' | 'buffered'>;
  const columns: Columns<Both> = [
    count('made', (f) => f.made, true),
    count('refused', (f) => f.refused),
    count('unconfirmed', (f) => f.unconfirmed),
    count('buffered', (f) => f.buffered),
    ...places,
    ...events,
    ...latencyColumns,
  ];
  return table(columns, Object.fromEntries(both));
}

function subscriberTable(patterns: StatsByPattern<SubscriberStats>): string {
  return table([...places, ...events, ...listenerColumns, ...latencyColumns], patterns);
}

function table<Kind extends object>(columns: Columns<Kind>, patterns: Readonly<Record<string, Kind>>): string {
  const all = Object.values(patterns);
  const shown = columns.filter(([, , isWorthwhile]) => !isWorthwhile || all.some(isWorthwhile));
  const rows = Object.entries(patterns).flatMap(([name, stats]) => [
    [name, ...shown.map(([, cell]) => cell(stats))],
    ...sharesOf(stats).map(([subscriber, handled]) => [
      `  by ${sanitize(subscriber, 24)}`,
      ...shown.map(([title]) => (title === 'handled' ? formatNumber(handled) : '')),
    ]),
  ]);
  return renderTable(['pattern', ...shown.map(([title]) => title)], rows, MOST_COLUMNS);
}

const sharesOf = (stats: object): [string, number][] =>
  'shares' in stats ? Object.entries(stats.shares as SubscriberStats['shares']) : [];
