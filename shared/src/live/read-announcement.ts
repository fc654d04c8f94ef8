import type { StatsByPattern } from '../accounting/stats.ts';
import { MOST_PARTITIONS } from '../messaging/partitions/names.ts';
import { isObject } from '../text/is-object.ts';
import {
  type Announcement,
  type Done,
  type Events,
  HAPPENINGS,
  type Lately,
  type LiveEvent,
  MOST_BYTES,
  MOST_NAME,
  type Origin,
  PUBLISHER_ACTIONS,
  type Quantiles,
  SCHEMA,
  type Snapshot,
  SUBSCRIBER_ACTIONS,
  type Summary,
} from './protocol.ts';
import { type Data, isCount, isName, isNumber, isOneOf, isText, parseObject } from './reading.ts';

/** No object of names has more. */
const MOST_ENTRIES = 200;

/**
 * Reads a payload of the announcements channel. Names and texts in it are still of anybody's making: they are to be shown as text.
 * @returns `undefined` if it is not an announcement
 */
export function readAnnouncement(payload: Buffer): Announcement | undefined {
  const said = parseObject(payload, MOST_BYTES);
  if (!said || !isOrigin(said)) return undefined;
  if (said.kind === 'snapshot' && isSnapshot(said)) return said as unknown as Snapshot;
  if (said.kind === 'events' && isEvents(said)) return said as unknown as Events;
  if (said.kind === 'done' && isDone(said)) return said as unknown as Done;
  return undefined;
}

const isOrigin = (said: Data): said is Data & Origin =>
  said.v === SCHEMA &&
  isOneOf(said.service, ['publisher', 'subscriber'] as const) &&
  isText(said.name, MOST_NAME) &&
  isName(said.instance) &&
  isCount(said.at);

function isSnapshot({ service, pid, host, startedAt, group, takesControls, ...said }: Data): boolean {
  const { settings, patterns, topics, partitions, lately } = said;
  return (
    isCount(pid) &&
    isText(host, MOST_NAME) &&
    isCount(startedAt) &&
    (group === null || isText(group, MOST_NAME)) &&
    typeof takesControls === 'boolean' &&
    isObject(settings) &&
    (service === 'publisher' ? isPublisherSettings(settings) : isSubscriberSettings(settings)) &&
    isEach(patterns, isStats) &&
    isEach(topics, (topic) => isText(topic, 1024)) &&
    isNumber(partitions, 1, MOST_PARTITIONS) &&
    isEach(lately, isLately)
  );
}

const isPublisherSettings = ({ interval, pace, isPaused }: Data): boolean =>
  isFigure(interval) && isFigure(pace) && typeof isPaused === 'boolean';

const isSubscriberSettings = ({ workTime, failRate, concurrency, pace }: Data): boolean =>
  orNull(isFigure)(workTime) && orNull(isFigure)(failRate) && isCount(concurrency) && isFigure(pace);

/** Figures, times, and objects of figures such as latencies and shares. */
const isStats = (stats: unknown): stats is StatsByPattern[string] =>
  isEach(
    stats,
    (value) => value === null || isAnyNumber(value) || isText(value, 64) || isEach(value, orNull(isAnyNumber)),
  );

const isLately = (lately: unknown): lately is Lately =>
  isObject(lately) &&
  isFigure(lately.ms) &&
  isCount(lately.in) &&
  orNull(isCount)(lately.out) &&
  orNull(isQuantiles)(lately.latencyMs) &&
  orNull(isQuantiles)(lately.handledMs) &&
  orNull(isFigure)(lately.lagMs);

const isQuantiles = (value: unknown): value is Quantiles =>
  isObject(value) && [value.p50, value.p99, value.max].every(isAnyNumber) && isCount(value.of);

const isEvents = ({ events, summarized }: Data): boolean =>
  Array.isArray(events) && events.every(isEvent) && Array.isArray(summarized) && summarized.every(isSummary);

/** What each further field of an event is, if it is there. */
const EVENT_FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  pattern: (value) => isText(value, MOST_NAME),
  id: (value) => isText(value, 64),
  count: isCount,
  sender: (value) => isText(value, MOST_NAME),
  session: isName,
  attempt: isCount,
  entry: (value) => isText(value, 64),
  reply: isCount,
  batch: isCount,
  reason: (value) => isText(value, 1000),
  fate: (value) => isOneOf(value, ['again', 'dead', 'lost', 'lost-lease']),
  text: (value) => isText(value, 1000),
};

const isEvent = (event: unknown): event is LiveEvent =>
  isObject(event) &&
  isCount(event.at) &&
  isOneOf(event.what, HAPPENINGS) &&
  Object.entries(EVENT_FIELDS).every(([field, is]) => event[field] === undefined || is(event[field]));

const isSummary = (summary: unknown): summary is Summary =>
  isObject(summary) &&
  isText(summary.pattern, MOST_NAME) &&
  isOneOf(summary.what, HAPPENINGS) &&
  isCount(summary.messages);

const isDone = (said: Data): boolean =>
  isName(said.control) &&
  isOneOf(said.do, [...PUBLISHER_ACTIONS, ...SUBSCRIBER_ACTIONS]) &&
  typeof said.ok === 'boolean' &&
  isText(said.reason, 1000);

const isAnyNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const isFigure = (value: unknown): value is number => isNumber(value, 0, Number.MAX_SAFE_INTEGER);

const orNull =
  (is: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || is(value);

/** Whether it is an object of not too many entries, each of which is so. */
function isEach(value: unknown, is: (entry: unknown) => boolean): boolean {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MOST_ENTRIES && entries.every(([name, entry]) => name.length <= MOST_NAME && is(entry));
}
