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
  /** Of the audience's messages, what the publishers tell. */
  readonly published: Pick<PublisherStats, 'made' | 'refused' | 'buffered'> &
    Partial<Pick<PublisherStats, 'retried' | 'noSubscribers'>>;
  /** How many messages each subscriber of the audience has handled, by name; nothing if there is only one. */
  readonly shares: Readonly<Record<string, number>>;
  /** From making a message to receiving it. */
  readonly latencyMs: LatencyReport;
  /** From making a message to the end of its handler. */
  readonly handledMs: LatencyReport;
}

/** What a subscriber tells the others of its group: what it did itself, and of a broadcast the account of its audience. */
export const MEMBER_NUMBERS = [
  ...(['accepted', 'handled', 'dead', 'lost', 'elsewhere', 'unexplained', 'moving', 'duplicated', 'received'] as const),
  ...(['reordered', 'redelivered', 'deduplicated', 'missing', 'failed', 'exhausted', 'leasesLost', 'invalid'] as const),
] as const;
export type MemberStats = Partial<Pick<SubscriberStats, (typeof MEMBER_NUMBERS)[number]>> & Latencies;
type Latencies = Pick<SubscriberStats, 'latencyMs' | 'handledMs'>;

/** The stats of a whole group: of all who share a pattern's messages, or of all who hear the same broadcast. */
export interface GroupStats extends SubscriberStats {
  /** Of a broadcast that several hear: how many; each accepted message counts once for each of them. */
  readonly copies?: number;
  /** The latencies of each, by name, if there are several. */
  readonly latencies?: Readonly<Record<string, Latencies>>;
}

export type Stats = PublisherStats | SubscriberStats;
export type StatsByPattern<Kind extends Stats = Stats> = Readonly<Record<string, Kind>>;

/** The most characters of a table's line. */
const MOST_COLUMNS = 100;
/** The most subscribers of a pattern that are shown each. */
const MOST_SHARES = 10;

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

const latencyColumns: Columns<Latencies> = [
  ['received p50', (f) => formatLatency(f.latencyMs.p50)],
  ['p99', (f) => formatLatency(f.latencyMs.p99)],
  ['handled p50', (f) => formatLatency(f.handledMs.p50)],
  ['p99', (f) => formatLatency(f.handledMs.p99)],
];

/** The patterns side by side, a line each. */
export function statsTable(patterns: StatsByPattern): string {
  const all = Object.values(patterns);
  if (all.every((stats) => 'handled' in stats)) return subscriberTable(patterns as StatsByPattern<SubscriberStats>);
  return publisherTable(patterns as StatsByPattern<PublisherStats>);
}

/** The same of a run whose publisher tells its stats itself: newer than what subscribers know of them. */
export function closingTable(
  publisher: StatsByPattern<PublisherStats>,
  subscriber: StatsByPattern<SubscriberStats>,
): string {
  const both = Object.entries(subscriber).map(([name, got]) => [
    name,
    { ...got, published: publisher[name] ?? got.published },
  ]);
  return subscriberTable(Object.fromEntries(both));
}

function subscriberTable(patterns: StatsByPattern<GroupStats>): string {
  const columns: Columns<GroupStats> = [
    count('made', (f) => f.published.made, true),
    count('refused', (f) => f.published.refused),
    count('unconfirmed', (f) => f.unconfirmed), // what has turned up is among the accepted
    count('buffered', (f) => f.published.buffered),
    count('retried', (f) => f.published.retried ?? 0),
    count('no subscribers', (f) => f.published.noSubscribers ?? 0),
    ...places,
    ...events,
  ];
  const shown = worthwhile(columns, patterns);
  const rows = Object.entries(patterns).flatMap(([name, stats]) => [
    [
      stats.copies ? `${name} × ${stats.copies}` : name,
      ...shown.map(([, cell]) => cell(stats)),
      ...latencyColumns.map(([, cell]) => (stats.latencies ? '' : cell(stats))),
    ],
    ...sharesOf(stats).map(([label, handled, latencies]) => [
      `  by ${label}`,
      ...shown.map(([title]) => (title === 'handled' ? formatNumber(handled) : '')),
      ...latencyColumns.map(([, cell]) => (latencies ? cell(latencies) : '')),
    ]),
  ]);
  const titles = [...shown, ...latencyColumns].map(([title]) => title);
  return renderTable(['pattern', ...titles], rows, MOST_COLUMNS);
}

function publisherTable(patterns: StatsByPattern<PublisherStats>): string {
  const shown = worthwhile(publisherColumns, patterns);
  const rows = Object.entries(patterns).map(([name, stats]) => [name, ...shown.map(([, cell]) => cell(stats))]);
  return renderTable(['pattern', ...shown.map(([title]) => title)], rows, MOST_COLUMNS);
}

function worthwhile<Kind>(columns: Columns<Kind>, patterns: Readonly<Record<string, Kind>>): Columns<Kind> {
  const all = Object.values(patterns);
  return columns.filter(([, , isWorthwhile]) => !isWorthwhile || all.some(isWorthwhile));
}

/** What each of a group has handled, and its latencies, if it tells them: those that handled most, and all others together. */
function sharesOf({ shares, latencies = {} }: GroupStats): [label: string, handled: number, latencies?: Latencies][] {
  const all = Object.entries(shares);
  const most =
    all.length <= MOST_SHARES ? all : all.toSorted(([, one], [, other]) => other - one).slice(0, MOST_SHARES);
  const names = new Set(most.map(([name]) => name));
  const others = all.filter(([name]) => !names.has(name));
  const shown = most.map(([name, handled]): [string, number, Latencies?] => [
    sanitize(name, 24),
    handled,
    latencies[name],
  ]);
  if (others.length === 0) return shown;
  return [...shown, [`${others.length} others`, others.reduce((sum, [, handled]) => sum + handled, 0)]];
}
