import { formatNumber, renderTable } from '@redis-messaging/shared/text/table';
import { dedupeTtlOf, type Outcome } from './campaign.ts';
import type { Life, PatternEvidence, Violation } from './evidence/evidence.ts';
import { formatPlan, type Happened } from './history.ts';
import type { Options } from './options.ts';
import { missing } from './oracle/messages.ts';

/** Faults this long before and after a violation belong to its history: ms. */
const AROUND_MS = 5000;
/** The most of one kind that are shown. */
const MOST_KEYS = 10;

/** The result of a campaign for people: a table, and each broken promise with its history. */
export function render({ evidence, violations, beganAt, server }: Outcome, options: Options): string {
  const done = evidence.faults.filter(({ isDone }) => isDone);
  const restarts = evidence.services.reduce((sum, { instances }) => sum + instances.length - 1, 0);
  const peak = Math.max(...evidence.services.flatMap(({ instances }) => instances.map(({ peakBytes }) => peakBytes)));
  const lines = [
    renderTable(HEADER, evidence.patterns.map(rowOf)),
    `${done.length} faults (${countsOf(done)})`,
    `${server}; ${restarts} restarts; the most memory of a service: ${Math.round(peak / 1024 / 1024)} MB; DEDUPE_TTL ${dedupeTtlOf(options.seed)}`,
    ...violations.map((violation) => describe(violation, evidence.faults, beganAt)),
    verdict(violations, options),
  ];
  return lines.join('\n');
}

const HEADER = [
  'pattern',
  'accepted',
  'handled',
  'handled again',
  'waiting',
  'in flight',
  'dead letters',
  'missing',
  'poison',
];

function rowOf(pattern: PatternEvidence): string[] {
  const { name, guarantees, lives, held, poison } = pattern;
  const all = [...lives.values()];
  const counts = [
    all.filter(({ acceptedAt }) => acceptedAt !== undefined).length,
    all.filter(({ handledBy }) => handledBy.length > 0).length,
    all.reduce((sum, life) => sum + timesAgain(life, guarantees.audience === 'every-subscriber'), 0),
    held.waiting.length,
    held.inFlight.length,
    held.dead.length,
    missing(pattern).length,
    poison.length,
  ];
  return [name, ...counts.map(formatNumber)];
}

/** How often a message was handled again: of a broadcast, by one and the same process. */
function timesAgain({ handledBy }: Life, isBroadcast: boolean): number {
  return handledBy.length - (isBroadcast ? new Set(handledBy).size : Math.min(1, handledBy.length));
}

/** "3 kill, 2 cut". */
function countsOf(faults: readonly Happened[]): string {
  const counts = new Map<string, number>();
  for (const { planned } of faults) counts.set(planned.fault, (counts.get(planned.fault) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

function describe(
  { promise, text, keys, from, until }: Violation,
  faults: readonly Happened[],
  beganAt: number,
): string {
  const seconds = (at: number) => `${((at - beganAt) / 1000).toFixed(2)} s`;
  const around = faults.filter((fault) => fault.at - AROUND_MS <= until && fault.until + AROUND_MS >= from);
  const more = keys.length > MOST_KEYS ? [`  … and ${formatNumber(keys.length - MOST_KEYS)} more`] : [];
  return [
    `\nBROKEN (${promise}): ${text}`,
    ...keys.slice(0, MOST_KEYS).map((key) => `  ${key}`),
    ...more,
    `  between ${seconds(from)} and ${seconds(until)}, with these faults around that time:`,
    ...around.map((fault) => `  ${seconds(fault.at)} to ${seconds(fault.until)}: ${fault.what}`),
    '  which are, as lines for --faults FILE:',
    formatPlan(around.filter(({ isDone }) => isDone).map(({ planned }) => planned)),
  ].join('\n');
}

function verdict(violations: readonly Violation[], options: Options): string {
  if (violations.length === 0) return `Every promise was kept (seed ${options.seed})`;
  return `\n${violations.length} promises were broken; again: ${repeatCommand(options)}`;
}

function repeatCommand({ ms, seed, patterns, words }: Options): string {
  const names = patterns.map(({ name }) => name).join();
  return ['npm run chaos --', `--seconds ${ms / 1000} --seed ${seed} --patterns ${names}`, ...words].join(' ');
}
