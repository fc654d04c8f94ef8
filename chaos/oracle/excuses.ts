import type { Evidence, PatternEvidence } from '../evidence/evidence.ts';

/** A busy primary replicates what it has accepted within this time, and a publisher notes it within this time: ms. */
const UNREPLICATED_MS = 1000;

/** A fault may cost a queue what was popped this long before it began or after it was over: a lease, a connection that nobody answers on. */
const AFTERMATH_MS = 5000;

/** When everything in Redis was deleted for the last time: nothing is promised of what was made before. ms since 1970. */
export function deletedAt({ faults }: Evidence): number {
  return Math.max(0, ...faults.filter(({ deletes }) => deletes).map(({ at }) => at));
}

/** Whether something was done so shortly before a server was killed that it may not have been replicated. @param at ms since 1970 */
export function wasNotReplicated(at: number | undefined, { faults }: Pick<Evidence, 'faults'>): boolean {
  return (
    at !== undefined && faults.some((fault) => fault.loses && fault.at - UNREPLICATED_MS <= at && at <= fault.until)
  );
}

/** Whether what is missing was in the hands of a handler that failed, or lived while there was a fault. */
export function isExcused(key: string, pattern: PatternEvidence, { faults, endedAt }: Evidence): boolean {
  if (pattern.lives.get(key)?.failedAt !== undefined) return true;
  const { from, until } = lifetime(key, pattern, endedAt);
  return faults.some(
    ({ isDone, ...fault }) => isDone && fault.at - AFTERMATH_MS <= until && fault.until + AFTERMATH_MS >= from,
  );
}

/** When a message was accepted, and when at the latest it was taken: when one that was accepted later was handled. */
export function lifetime(
  key: string,
  { lives, poison }: PatternEvidence,
  endedAt: number,
): { from: number; until: number } {
  const life = lives.get(key);
  const from = life?.acceptedAt ?? poison.find((each) => each.key === key)?.at ?? life?.failedAt ?? endedAt;
  let until = endedAt;
  for (const { acceptedAt, handledAt } of lives.values())
    if (acceptedAt !== undefined && handledAt !== undefined && acceptedAt > from) until = Math.min(until, handledAt);
  return { from, until: Math.max(from, until, life?.failedAt ?? 0) };
}
