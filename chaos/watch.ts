import { readFile } from 'node:fs/promises';
import type { Sample } from './evidence/evidence.ts';
import type { System } from './system.ts';

const MEMORY_EVERY_MS = 500;
const READINESS_EVERY_MS = 250;
/** A subscriber that takes longer to answer stands still: ms. */
const ANSWER_MS = 1000;

/** What subscribers have said, as long as it is not disposed. */
export interface Watch extends Disposable {
  readonly samples: readonly Sample[];
}

/** Watches the memory of all services, and whether subscribers say that they are ready. */
export function watch(system: System): Watch {
  const samples: Sample[] = [];
  const memory = setInterval(() => void rememberPeaks(system), MEMORY_EVERY_MS);
  const readiness = setInterval(() => {
    for (const { name } of system.subscribers) void sampleOf(system, name).then((sample) => samples.push(sample));
  }, READINESS_EVERY_MS);
  return {
    samples,
    [Symbol.dispose]() {
      clearInterval(memory);
      clearInterval(readiness);
    },
  };
}

/** The system itself keeps the peak of each process; where it has no /proc, memory is not judged. */
async function rememberPeaks({ services }: System): Promise<void> {
  for (const { isRunning, current } of services) {
    if (!isRunning) continue;
    const status = await readFile(`/proc/${current.pid}/status`, 'utf8').catch(() => '');
    const peak = 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    current.peakBytes = Math.max(current.peakBytes, peak);
  }
}

async function sampleOf(system: System, subscriber: string): Promise<Sample> {
  const at = Date.now();
  const response = await fetch(system.readyUrl(subscriber), { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => {});
  await response?.body?.cancel();
  return { subscriber, at, isReady: response?.status === 200, isAnswered: response !== undefined };
}
