import { seeded } from '../testkit/random.ts';
import type { Fault } from './faults/fault.ts';

/** A fault that is to happen. */
export interface Planned {
  /** From the beginning: ms. */
  readonly at: number;
  /** How long it lasts: ms. */
  readonly ms: number;
  readonly fault: string;
  /** The seed of what the fault chooses itself, such as its victim. */
  readonly pick: number;
}

/** A fault that has happened, or that could not be done. Times: ms since 1970. */
export interface Happened {
  readonly planned: Planned;
  /** What was done, or why it was not. */
  readonly what: string;
  readonly at: number;
  /** When it was over. */
  readonly until: number;
  readonly isDone: boolean;
  /** Subscribers that certainly could not consume anything meanwhile. */
  readonly starves: readonly string[];
  /** When they could again, at the earliest: undoing a fault takes effect before it is answered. */
  readonly starvedUntil?: number;
  /** Whether everything in Redis was deleted when it began. */
  readonly deletes: boolean;
  /** Whether a server ended that may not have replicated the last that it had done. */
  readonly loses?: boolean;
  /** A service whose process stood still. */
  readonly frozen?: string | undefined;
}

/** Faults come in storms, each longer than the first and shorter than the second time, with a calm after each: ms. */
const STORM_MS = [5000, 15_000] as const;
const CALM_MS = [2000, 4000] as const;
/** From one fault of a storm to the next. */
const GAP_MS = [50, 2000] as const;
/** From the beginning to the first fault. */
const FIRST_MS = 1000;
/** Different picks. */
const PICKS = 2 ** 31;

/** Random faults at random times, all of which end within the time. The same for the same seed, time and faults. */
export function planned(seed: number, totalMs: number, faults: readonly Fault[]): Planned[] {
  const below = seeded(seed);
  const from = ([least, most]: readonly [number, number]) => least + below(most - least + 1);
  const plan: Planned[] = [];
  const freeAt = new Map<string, number>();
  let at = FIRST_MS;
  while (at < totalMs) {
    for (const end = at + from(STORM_MS); at < Math.min(end, totalMs); at += from(GAP_MS)) {
      const fault = faults[below(faults.length)] as Fault;
      const ms = from(fault.lasts);
      const pick = below(PICKS);
      // One fault of a kind at a time: to undo one would undo the other.
      if (at + ms > totalMs || at < (freeAt.get(fault.name) ?? 0)) continue;
      plan.push({ at, ms, fault: fault.name, pick });
      freeAt.set(fault.name, at + ms);
    }
    at += from(CALM_MS);
  }
  return plan;
}

/** The text of a history: a line for each fault, as `--faults FILE` reads it. */
export const formatPlan = (plan: readonly Planned[]): string => plan.map((each) => JSON.stringify(each)).join('\n');

/** Reads what `formatPlan` writes. @throws an Error that names the first line that is not a fault */
export function parsePlan(text: string, faults: readonly Fault[]): Planned[] {
  const names = faults.map(({ name }) => name);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const isWhole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
    try {
      const { at, ms, fault, pick } = JSON.parse(line);
      if ([at, ms, pick].every(isWhole) && names.includes(fault)) return { at, ms, fault, pick };
    } catch {}
    throw new Error(`expected lines such as {"at":1000,"ms":500,"fault":"kill","pick":1}, got ${line.slice(0, 80)}`);
  });
}
