import type { Evidence, Violation } from '../evidence/evidence.ts';

/** A subscriber must know after this long that it cannot consume: ms. */
const UNREADY_AFTER_MS = 5000;
/** What a busy machine may add to that, and what lies between two samples: ms. */
const SLACK_MS = 1000;

/**
 * Subscribers that said that they were ready although, for longer than `UNREADY_AFTER_MS`, a fault certainly kept everything
 * from them. A process that stood still, and answered nothing, could not know of it: for that one the time begins when it went on.
 */
export function* unreadiness({ faults, readiness }: Evidence): Generator<Violation> {
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
