import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Happened } from './history.ts';
import type { Instance } from './service.ts';
import type { Poison } from './system.ts';

/** What is known of one message of a pattern. Times: ms since 1970. */
export interface Life {
  /** When Redis had accepted it, says the publisher's log; `undefined` for one that the publisher was killed before it could log. */
  acceptedAt?: number | undefined;
  /** When it was made. */
  madeAt?: number | undefined;
  /** When a handler was done with it for the first time. */
  handledAt?: number | undefined;
  /** The process id of the subscriber, for each time that it was handled; who was done with it first comes first. */
  readonly handledBy: number[];
  /** When its handler failed for the last time. */
  failedAt?: number | undefined;
}

/** What Redis holds of a topic, each message by its key: its id, or the SHA-1 of its payload. */
export interface Held {
  readonly waiting: readonly string[];
  readonly inFlight: readonly string[];
  readonly dead: readonly { readonly key: string; readonly sha1: string }[];
}

/** Everything that is known of one pattern's messages when all is over. */
export interface PatternEvidence {
  readonly name: string;
  readonly guarantees: Guarantees;
  /** By id. */
  readonly lives: ReadonlyMap<string, Life>;
  readonly held: Held;
  readonly poison: readonly Poison[];
  /** Whether messages were handled again when all faults were over. */
  readonly isFlowing: boolean;
}

/** What a subscriber said when it was asked whether it is ready; `at` in ms since 1970. */
export interface Sample {
  readonly subscriber: string;
  readonly at: number;
  readonly isReady: boolean;
  /** Whether it answered at all. */
  readonly isAnswered: boolean;
}

/** A service with all the processes that it has been. */
export interface ServiceEvidence {
  readonly name: string;
  readonly role: 'publisher' | 'subscriber';
  readonly instances: readonly Instance[];
}

/** What the oracle judges by: logs, the notes of handlers, and Redis; never the services' own accounts. */
export interface Evidence {
  readonly patterns: readonly PatternEvidence[];
  readonly services: readonly ServiceEvidence[];
  readonly faults: readonly Happened[];
  readonly readiness: readonly Sample[];
  /** When all was over: ms since 1970. */
  readonly endedAt: number;
}

/** A broken promise. */
export interface Violation {
  readonly promise:
    | 'lost'
    | 'stuck'
    | 'twice'
    | 'name'
    | 'poison'
    | 'silent'
    | 'account'
    | 'exit'
    | 'memory'
    | 'readiness';
  /** For people. */
  readonly text: string;
  /** The messages concerned. */
  readonly keys: readonly string[];
  /** The time in which it happened, as far as is known: ms since 1970. */
  readonly from: number;
  readonly until: number;
}

/** No service may ever have more: bytes. */
export const MOST_BYTES = 200 * 1024 * 1024;
/** A busy primary replicates what it has accepted within this time, and a publisher notes it within this time: ms. */
const UNREPLICATED_MS = 1000;
/** A subscriber must know after this long that it cannot consume: ms. */
const UNREADY_AFTER_MS = 5000;
/** What a busy machine may add to that, and what lies between two samples: ms. */
const SLACK_MS = 1000;
/** A fault may cost a queue what was popped this long before it began or after it was over: a lease, a connection that nobody answers on. */
const AFTERMATH_MS = 5000;
/**
 * A process that stood still, and whose name was another's meanwhile, may go on if that one stood still for longer than a lease, too,
 * before it could learn of it. That is rare: two that share a name take turns many times a second.
 */
const MOST_RETURNS = 3;

/** Every promise that was broken. */
export function judge(evidence: Evidence): Violation[] {
  return [
    ...evidence.patterns.flatMap((pattern) => judgePattern(pattern, evidence)),
    ...evidence.services.flatMap((service) => [...judgeService(service, evidence)]),
    ...unreadiness(evidence),
  ];
}

function judgePattern(pattern: PatternEvidence, evidence: Evidence): Violation[] {
  const found: Found[] = [];
  if (pattern.guarantees.delivery === 'at-most-once') found.push(twice(pattern, evidence));
  if (pattern.guarantees.keepsUnread) found.push(lost(pattern, evidence), stuck(pattern), poison(pattern, evidence));
  if (pattern.guarantees.delivery === 'at-least-once') found.push(...sharedNames(pattern, evidence));
  const violations = found.filter(({ keys }) => keys.length > 0).map((each) => inTime(each, pattern, evidence));
  if (!pattern.isFlowing) {
    const text = `${pattern.name}: nothing was handled any more when all faults were over`;
    violations.push({ promise: 'silent', text, keys: [], from: evidence.endedAt, until: evidence.endedAt });
  }
  return violations;
}

type Found = Pick<Violation, 'promise' | 'text' | 'keys'>;

/**
 * What was accepted, and is neither handled nor in Redis. A pattern that delivers at least once promises that there is none.
 * One that keeps messages but delivers at most once may lose what a subscriber had popped: only if its handler failed, or a
 * fault came at that time.
 */
function lost(pattern: PatternEvidence, evidence: Evidence): Found {
  const isPromised = (key: string) => {
    if ((pattern.lives.get(key)?.madeAt ?? 0) < deletedAt(evidence)) return false;
    if (wasNotReplicated(pattern.lives.get(key)?.acceptedAt, evidence)) return false;
    return pattern.guarantees.delivery === 'at-least-once' || !isExcused(key, pattern, evidence);
  };
  const keys = missing(pattern).filter(isPromised);
  const text = `${pattern.name}: ${count(keys)} accepted, and neither handled nor in Redis`;
  return { promise: 'lost', text, keys };
}

/** What was accepted, and is neither handled nor in Redis, promised or not. */
export function missing({ lives, held }: PatternEvidence): string[] {
  const there = new Set([...held.waiting, ...held.inFlight, ...held.dead.map(({ key }) => key)]);
  return [...lives].flatMap(([key, { acceptedAt, handledBy }]) =>
    acceptedAt !== undefined && handledBy.length === 0 && !there.has(key) ? [key] : [],
  );
}

/** What is left in Redis although there was time to handle it. */
function stuck({ name, held }: PatternEvidence): Found {
  const keys = [...new Set([...held.waiting, ...held.inFlight])];
  const text = `${name}: ${held.waiting.length} waiting and ${held.inFlight.length} in flight, and nobody handles them`;
  return { promise: 'stuck', text, keys };
}

/** What was handled more than once, where that is promised not to happen: of a broadcast, by one and the same process. */
function twice({ name, guarantees, lives }: PatternEvidence, evidence: Evidence): Found {
  const isShared = guarantees.audience === 'one-subscriber';
  const isTwice = ({ handledBy }: Life) =>
    handledBy.length > 1 && (isShared || new Set(handledBy).size < handledBy.length);
  const keys = [...lives]
    .filter(([, life]) => isTwice(life) && !wasNotReplicated(life.handledAt, evidence))
    .map(([key]) => key);
  return { promise: 'twice', text: `${name}: ${count(keys)} handled more than once`, keys };
}

/**
 * Names that were not one process's at a time, where what is in flight is kept under a name: by turns, two processes were given
 * messages, each time one that was made after the other's turn had begun. What a process had in its hands when another took its name
 * over is no turn.
 */
function sharedNames(pattern: PatternEvidence, { services }: Evidence): Found[] {
  const pids = new Map<string, Set<number>>();
  for (const { name, instances } of services)
    pids.set(name, new Set([...(pids.get(name) ?? []), ...instances.map(({ pid }) => pid)]));
  return [...pids].map(([name, ofName]) => {
    const keys = returns(pattern, ofName);
    const text = `${pattern.name}: several processes by the name ${name} were at work by turns, ${formatNumber(keys.length)} times`;
    return { promise: 'name' as const, text, keys: keys.length > MOST_RETURNS ? keys : [] };
  });
}

/** The messages with which one of some processes had its turn again after another. */
function returns({ lives }: PatternEvidence, pids: ReadonlySet<number>): string[] {
  const handled = [...lives].flatMap(
    ([
      key,
      {
        madeAt,
        handledAt,
        handledBy: [pid],
      },
    ]) =>
      madeAt !== undefined && handledAt !== undefined && pid !== undefined && pids.has(pid)
        ? [{ key, madeAt, handledAt, pid }]
        : [],
  );
  handled.sort((a, b) => a.handledAt - b.handledAt);
  const before = new Set<number>();
  const keys: string[] = [];
  let turn: { readonly pid: number; readonly from: number } | undefined;
  for (const { key, madeAt, handledAt, pid } of handled) {
    if (turn && (turn.pid === pid || madeAt <= turn.from)) continue;
    turn = { pid, from: handledAt };
    if (before.has(pid)) keys.push(key);
    before.add(pid);
  }
  return keys;
}

/**
 * Poison that Redis accepted, and that is not among the dead letters, byte by byte; nor in Redis, where `stuck` tells of it. A
 * pattern that delivers at most once may lose it as it may lose any message, but not once a subscriber has recognised it that
 * was not killed; unless that had to end before Redis took it, and left its bytes in its log.
 */
function poison(pattern: PatternEvidence, evidence: Evidence): Found {
  const { name, guarantees, held } = pattern;
  const there = new Set([...held.waiting, ...held.inFlight, ...held.dead.map(({ sha1 }) => sha1)]);
  const isGone = (each: Poison) => !there.has(each.key) && !there.has(each.sha1);
  const survivors = evidence.services.flatMap(({ instances }) =>
    instances.filter(({ endedBy }) => endedBy !== 'SIGKILL'),
  );
  const isAmong = (texts: readonly string[], { stamp }: Poison) =>
    texts.some((text) => text.startsWith(`${name} `) && text.includes(stamp));
  const isRecognised = (each: Poison) =>
    survivors.some(({ invalid, undeliverable }) => isAmong(invalid, each) && !isAmong(undeliverable, each));
  const isPromised = (each: Poison) => {
    if (each.at < deletedAt(evidence) || wasNotReplicated(each.at, evidence)) return false;
    return guarantees.delivery === 'at-least-once' || isRecognised(each) || !isExcused(each.key, pattern, evidence);
  };
  const keys = pattern.poison.filter((each) => isGone(each) && isPromised(each)).map(({ key }) => key);
  return { promise: 'poison', text: `${name}: ${count(keys)} poisonous, and not among the dead letters`, keys };
}

/** When everything in Redis was deleted for the last time: nothing is promised of what was made before. ms since 1970. */
function deletedAt({ faults }: Evidence): number {
  return Math.max(0, ...faults.filter(({ deletes }) => deletes).map(({ at }) => at));
}

/** Whether something was done so shortly before a server was killed that it may not have been replicated. @param at ms since 1970 */
function wasNotReplicated(at: number | undefined, { faults }: Pick<Evidence, 'faults'>): boolean {
  return (
    at !== undefined && faults.some((fault) => fault.loses && fault.at - UNREPLICATED_MS <= at && at <= fault.until)
  );
}

/** Whether what is missing was in the hands of a handler that failed, or lived while there was a fault. */
function isExcused(key: string, pattern: PatternEvidence, { faults, endedAt }: Evidence): boolean {
  if (pattern.lives.get(key)?.failedAt !== undefined) return true;
  const { from, until } = lifetime(key, pattern, endedAt);
  return faults.some(
    ({ isDone, ...fault }) => isDone && fault.at - AFTERMATH_MS <= until && fault.until + AFTERMATH_MS >= from,
  );
}

/** When a message was accepted, and when at the latest it was taken: when one that was accepted later was handled. */
function lifetime(key: string, { lives, poison }: PatternEvidence, endedAt: number): { from: number; until: number } {
  const life = lives.get(key);
  const from = life?.acceptedAt ?? poison.find((each) => each.key === key)?.at ?? life?.failedAt ?? endedAt;
  let until = endedAt;
  for (const { acceptedAt, handledAt } of lives.values())
    if (acceptedAt !== undefined && handledAt !== undefined && acceptedAt > from) until = Math.min(until, handledAt);
  return { from, until: Math.max(from, until, life?.failedAt ?? 0) };
}

function inTime(found: Found, pattern: PatternEvidence, { endedAt }: Evidence): Violation {
  const spans = found.keys.slice(0, 100).map((key) => lifetime(key, pattern, endedAt));
  return {
    ...found,
    from: Math.min(...spans.map(({ from }) => from)),
    until: Math.max(...spans.map(({ until }) => until)),
  };
}

function* judgeService(service: ServiceEvidence, evidence: Evidence): Generator<Violation> {
  for (const instance of service.instances) {
    const from = instance.startedAt;
    const until = instance.endedAt ?? evidence.endedAt;
    const told = (promise: Violation['promise'], text: string) => ({ promise, text, keys: [], from, until });
    const wrongEnd = endOf(instance);
    if (wrongEnd) yield told('exit', `${service.name} ${wrongEnd}; its last lines:\n${instance.lines.join('\n')}`);
    if (instance.peakBytes >= MOST_BYTES)
      yield told('memory', `${service.name} had ${Math.round(instance.peakBytes / 1024 / 1024)} MB`);
    for (const text of accountOf(service, instance, evidence)) yield told('account', `${service.name}, ${text}`);
  }
}

/**
 * What is wrong with the end of a process: it must run until it is told to stop, and then end with 0 and its table. One that has
 * shared its name may have had to give way, with 1.
 */
function endOf({ exit, endedBy, final, wasShared }: Instance): string | undefined {
  if (endedBy === 'SIGKILL' || (wasShared && (exit === 1 || exit === 0))) return undefined;
  if (endedBy === undefined) return `ended by itself with ${exit}`;
  if (exit !== 0) return `ended with ${exit} after ${endedBy}`;
  return final ? undefined : `ended without its table after ${endedBy}`;
}

/**
 * What is wrong with the account of a process that ended in order, and whose name nobody else had: before it, because it would go
 * on with that account, nor beside it. Of a publisher: as many accepted as its log says. Of a subscriber: it has handled no more
 * than its handler, and, where nothing is acknowledged, no less either (what was handled and could not be acknowledged comes again,
 * and is booked then); nothing lost where nothing is. At the end of all, nothing is unexplained, and what is delivered at least
 * once is accounted for message by message.
 */
function* accountOf(service: ServiceEvidence, instance: Instance, evidence: Evidence): Generator<string> {
  const { final, pid } = instance;
  if (!final) return;
  const isLast = service.role === 'subscriber' && (instance.endedAt ?? 0) >= allPublishedAt(evidence);
  for (const pattern of evidence.patterns) {
    const { name, guarantees } = pattern;
    const stats = final[name];
    if (!stats) continue;
    if (service.role === 'publisher') {
      if (stats.accepted !== instance.published)
        yield `${stats.accepted} accepted, but its log says ${instance.published}`;
      continue;
    }
    if (isLast && isAccountable(pattern, service, evidence)) yield* audienceOf(pattern, stats, evidence);
    if (service.instances.length > 1 || instance.wasShared) continue;
    const { received, lost: said } = stats;
    const handled = handlingsOf(pattern, pid);
    if (received > handled || (guarantees.delivery === 'at-most-once' && received < handled))
      yield `${name}: ${received} received, but ${handled} handled`;
    if (
      guarantees.delivery === 'at-least-once' &&
      said > 0 &&
      deletedAt(evidence) === 0 &&
      missing(pattern).length === 0
    )
      yield `${name}: ${said} lost, but nothing is`;
  }
}

/**
 * Whether the account of an audience must be complete: nothing was deleted; Redis never refused to store a part of it; and, where
 * each subscriber has an account of its own, nobody shared this one's name.
 */
function isAccountable({ name, guarantees }: PatternEvidence, service: ServiceEvidence, evidence: Evidence): boolean {
  const isBroadcast = guarantees.audience === 'every-subscriber';
  const members = evidence.services.filter(({ role }) => role === 'subscriber');
  const concerned = isBroadcast ? members.filter((each) => each.name === service.name) : members;
  const instances = concerned.flatMap((each) => each.instances);
  if (deletedAt(evidence) > 0 || instances.some(({ unsaved }) => unsaved.has(name))) return false;
  return !isBroadcast || !instances.some(({ wasShared }) => wasShared);
}

/** When the last publisher had ended. */
const allPublishedAt = ({ services }: Evidence): number =>
  Math.max(
    ...services
      .filter(({ role }) => role === 'publisher')
      .flatMap(({ instances }) => instances.map(({ endedAt }) => endedAt ?? 0)),
  );

/** What is wrong with the account of a pattern's audience when all is over. */
function* audienceOf(
  { name, guarantees, lives }: PatternEvidence,
  stats: Record<string, number>,
  evidence: Evidence,
): Generator<string> {
  const { accepted, handled, waiting, inFlight, dead, lost, elsewhere, moving, unexplained } = stats as Record<
    'accepted' | 'handled' | 'waiting' | 'inFlight' | 'dead' | 'lost' | 'elsewhere' | 'moving' | 'unexplained',
    number
  >;
  const account = `${accepted} accepted, ${handled} handled, ${dead} dead, ${lost} lost, ${unexplained} unexplained`;
  if (accepted !== handled + waiting + inFlight + dead + lost + elsewhere + moving + unexplained)
    yield `${name}: the account does not balance: ${JSON.stringify(stats)}`;
  if (unexplained !== 0) yield `${name}: ${account}`;
  if (guarantees.delivery !== 'at-least-once') return;
  const truly = [...lives.values()].filter(({ handledBy }) => handledBy.length > 0).length;
  if (handled !== truly && !evidence.faults.some(({ loses }) => loses))
    yield `${name}: ${account}; but ${truly} were handled`;
}

/** How often a process has handled a message of a pattern. */
function handlingsOf({ lives }: PatternEvidence, pid: number): number {
  let handlings = 0;
  for (const { handledBy } of lives.values()) for (const each of handledBy) if (each === pid) handlings++;
  return handlings;
}

/**
 * Subscribers that said that they were ready although, for longer than `UNREADY_AFTER_MS`, a fault certainly kept everything
 * from them. A process that stood still, and answered nothing, could not know of it: for that one the time begins when it went on.
 */
function* unreadiness({ faults, readiness }: Evidence): Generator<Violation> {
  for (const fault of faults) {
    const wrong = fault.starves.flatMap((subscriber) => {
      const freezes = faults.filter(({ frozen, at }) => frozen === subscriber && at < fault.until);
      const end = fault.starvedUntil ?? fault.until;
      const silent = readiness.filter((each) => each.subscriber === subscriber && !each.isAnswered && each.at < end);
      const from = Math.max(fault.at, ...freezes.map(({ until }) => until), ...silent.map(({ at }) => at));
      const last = readiness.findLast(
        (sample) => sample.subscriber === subscriber && sample.isReady && sample.at < end,
      );
      return last && last.at > from + UNREADY_AFTER_MS + SLACK_MS ? [{ subscriber, ms: last.at - from }] : [];
    });
    if (wrong.length === 0) continue;
    const said = wrong.map(({ subscriber, ms }) => `${subscriber} after ${(ms / 1000).toFixed(1)} s`).join(', ');
    const text = `still ready although nothing could be consumed (${fault.what}): ${said}`;
    yield { promise: 'readiness', text, keys: [], from: fault.at, until: fault.until };
  }
}

const count = (keys: readonly string[]): string =>
  `${formatNumber(keys.length)} ${keys.length === 1 ? 'message' : 'messages'}`;
