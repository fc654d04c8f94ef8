import { readFile } from 'node:fs/promises';

const EVERY_MS = 100;

/** Watches how much memory a process uses. `stop` tells the peak: bytes; 0 where the system has no /proc. */
export function residentBytes(pid: number): { stop(): Promise<number> } {
  let peak = 0;
  const look = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await look();
      return peak;
    },
  };
}
