import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Evidence, Life, PatternEvidence, Violation } from '../evidence/evidence.ts';
import type { Poison } from '../system.ts';
import { deletedAt, isExcused, wasNotReplicated } from './excuses.ts';

/** What is wrong with a pattern's messages; nothing, if no keys are named. */
export type Found = Pick<Violation, 'promise' | 'text' | 'keys'>;

/**
 * What was accepted, and is neither handled nor in Redis. A pattern that delivers at least once promises that there is none.
 * One that keeps messages but delivers at most once may lose what a subscriber had popped: only if its handler failed, or a
 * fault came at that time.
 */
export function lost(pattern: PatternEvidence, evidence: Evidence): Found {
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
export function stuck({ name, held }: PatternEvidence): Found {
  const keys = [...new Set([...held.waiting, ...held.inFlight])];
  const text = `${name}: ${held.waiting.length} waiting and ${held.inFlight.length} in flight, and nobody handles them`;
  return { promise: 'stuck', text, keys };
}

/** What was handled more than once, where that is promised not to happen: of a broadcast, by one and the same process. */
export function twice({ name, guarantees, lives }: PatternEvidence, evidence: Evidence): Found {
  const isShared = guarantees.audience === 'one-subscriber';
  const isTwice = ({ handledBy }: Life) =>
    handledBy.length > 1 && (isShared || new Set(handledBy).size < handledBy.length);
  const keys = [...lives]
    .filter(([, life]) => isTwice(life) && !wasNotReplicated(life.handledAt, evidence))
    .map(([key]) => key);
  return { promise: 'twice', text: `${name}: ${count(keys)} handled more than once`, keys };
}

/**
 * Poison that Redis accepted, and that is not among the dead letters, byte by byte; nor in Redis, where `stuck` tells of it. A
 * pattern that delivers at most once may lose it as it may lose any message, but not once a subscriber has recognised it that
 * was not killed; unless that had to end before Redis took it, and left its bytes in its log.
 */
export function poison(pattern: PatternEvidence, evidence: Evidence): Found {
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

const count = (keys: readonly string[]): string =>
  `${formatNumber(keys.length)} ${keys.length === 1 ? 'message' : 'messages'}`;
