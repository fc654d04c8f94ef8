import { setTimeout as sleep } from 'node:timers/promises';
import { Schedule } from './schedule.ts';
import { Tempo } from './tempo.ts';

/** Time, passed in so that tests need not wait. */
export interface Clock {
  /** Steady ms. */
  now(): number;
  /** Resolves after `ms`, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const steadyClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

interface PaceOptions {
  /** From one message to the next; 0 = no waiting. */
  readonly intervalMs: number;
  /** In its place, if it is to be changed meanwhile. */
  readonly tempo?: Tempo;
  /** How many messages in all; may be infinite. */
  readonly count: number;
  /** The most that is due at once. */
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** While it is paused, it looks this often whether it still is: ms. */
const LOOK_EVERY_MS = 60_000;

/**
 * Yields, for each message to make now, how much later than due it is: ms. Message n is due n intervals after the first, however long the work between takes,
 * so the pace does not drift; what is overdue comes at once, in batches. After a change of the tempo, the next message is due one new
 * interval after the last, or now if that is over; what was overdue before is not made up for. Ends after `count` messages or with the
 * signal.
 */
export async function* pace({
  intervalMs,
  tempo: given,
  count,
  batch,
  signal,
  clock = steadyClock,
}: PaceOptions): AsyncGenerator<readonly number[]> {
  const tempo = given ?? new Tempo(intervalMs);
  let made = 0;
  let schedule = Schedule.begin(clock.now(), tempo);
  let { version } = tempo;
  while (made < count && !signal.aborted) {
    if (tempo.version !== version) {
      schedule = schedule.changed(clock.now(), tempo);
      version = tempo.version;
    }
    const most = Math.min(count - made, batch);
    const further = tempo.take(most);
    const late = further > 0 ? new Array<number>(further).fill(0) : schedule.take(clock.now(), most);
    made += late.length;
    if (late.length > 0) yield late;
    else await clock.sleep(Math.min(Math.max(1, schedule.next - clock.now()), LOOK_EVERY_MS), given?.changed ?? signal);
  }
}
