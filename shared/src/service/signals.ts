import { constants } from 'node:os';

/** A signal that asks a process to stop. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/**
 * A stop comes as several signals: Ctrl-C reaches the whole process group, npm passes it on once more, and `timeout` signals
 * the process and its group. Whatever comes within this time of the first is the same stop: ms.
 */
export const SAME_STOP_MS = 1000;

const listeners: ((name: StopSignal) => void)[] = [];
/** Signals that came before anybody listened: for whoever does first. */
const early: StopSignal[] = [];
let areCaught = false;

/** From now on no such signal ends the process by itself. To be called as soon as a program begins, before it loads all else. */
export function catchStopSignals(): void {
  if (areCaught) return;
  areCaught = true;
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (listeners.length === 0) early.push(name);
      for (const listener of listeners) listener(name);
    });
}

/**
 * Listens to SIGINT (Ctrl-C) and SIGTERM, for as long as the process lives.
 * @param onFirst called once, at the first signal
 * @param onAgain called at each signal that comes later than SAME_STOP_MS after the first: somebody does not want to wait
 */
export function onStopSignals(onFirst: (name: StopSignal) => void, onAgain: (name: StopSignal) => void): void {
  let firstAt: number | undefined;
  const take = (name: StopSignal) => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      onFirst(name);
    } else if (performance.now() - firstAt > SAME_STOP_MS) onAgain(name);
  };
  listeners.push(take);
  catchStopSignals();
  for (const name of early.splice(0)) take(name);
}

/** The exit code of a process that a signal ended, as shells know it: 130 for SIGINT. */
export const exitCodeAfter = (name: StopSignal): number => 128 + constants.signals[name];
