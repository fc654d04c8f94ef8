import { readFileSync } from 'node:fs';

/** The most memory that a running process has used so far: MB; `undefined` where there is no /proc. */
export function peakMemoryOf(pid: number): number | undefined {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}
