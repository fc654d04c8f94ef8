import type { Line, ServiceProcess } from '../../testkit/service-process.ts';
import type { CountedCause, PossibleCause } from './causes.ts';
import { CUT_OFF, TOO_FAST } from './causes.ts';
import { madeAt, writtenAt } from './lines.ts';
import { sum } from './sum.ts';

/** A subscriber said that it dropped messages because it did not keep up: as many, of those made before it said so. */
export const droppedBy = (subscriber: string, overflows: readonly Line[]): PossibleCause => ({
  cause: TOO_FAST,
  explains(missing, { subscribers }) {
    if (!subscribers.includes(subscriber) || overflows.length === 0) return [];
    const lastAt = Math.max(...overflows.map(writtenAt));
    return missing.filter((line) => madeAt(line) <= lastAt).slice(0, sum(overflows.map(({ messages }) => messages)));
  },
});

/** A subscriber came later than they were published. @param readyAt ms since 1970 */
export const publishedBefore = (cause: string, subscriber: string, readyAt: number): PossibleCause => ({
  cause,
  explains: (missing, { subscribers }) =>
    subscribers.every((name) => name === subscriber) ? missing.filter((line) => madeAt(line) <= readyAt) : [],
});

/** What Redis held when it was killed. */
export interface HeldAtKill {
  /** Messages that it held a moment before: waiting or in flight. */
  readonly held: number;
  /** When it was asked for them: ms since 1970, as is `killedAt`. */
  readonly askedAt: number;
  readonly killedAt: number;
  /** What was accepted longer ago is on disk: ms. */
  readonly unsavedMs: number;
}

/** In Redis, and not on disk, when it was killed: no more than it held, and was accepted between the question and the kill. */
export const goneWithRedis = (cause: string, { held, askedAt, killedAt, unsavedMs }: HeldAtKill): PossibleCause => ({
  cause,
  explains(missing) {
    const unsaved = missing.filter((line) => madeAt(line) <= killedAt && writtenAt(line) >= killedAt - unsavedMs);
    const later = unsaved.filter((line) => writtenAt(line) >= askedAt);
    const before = unsaved.filter((line) => writtenAt(line) < askedAt);
    return [...later, ...before.slice(0, held)];
  },
});

/** The messages that subscribers say they dropped. */
export function droppedCount(subscribers: readonly ServiceProcess[], pattern: string): CountedCause {
  const lines = subscribers.flatMap((service) => service.events('overflow', pattern));
  return { cause: TOO_FAST, atMost: sum(lines.map(({ messages }) => messages)) };
}

/** What Redis' output buffers held for subscribers when it closed their connections: no more than their limit. */
export const cutOffCount = (disconnections: number, limitBytes: number, messageBytes: number): CountedCause => ({
  cause: CUT_OFF,
  atMost: disconnections === 0 ? 0 : disconnections * Math.ceil(limitBytes / messageBytes),
});
