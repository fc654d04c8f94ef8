import { readFileSync } from 'node:fs';

/** How often to look: ms. */
const LOOK_EVERY_MS = 200;

/**
 * Calls back, once, when the npm that runs this process has ended: killed, it cannot pass that on. Never, if no npm does. Does not keep
 * the process alive.
 */
export function onParentGone(callback: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const before = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === before) return;
    clearInterval(timer);
    callback();
  }, LOOK_EVERY_MS).unref();
}

/** Our parent, and, if that is a shell that npm has started, its parent. */
function ancestors(): string {
  const { name, parent } = statusOf(process.ppid);
  return /^(npm|node)/.test(name) ? `${process.ppid}` : `${process.ppid} ${parent}`;
}

/** The name and the parent of a process, where the system shows them as files. */
function statusOf(pid: number): { name: string; parent: string } {
  try {
    const [, name = '', parent = ''] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { name, parent };
  } catch {
    return { name: '', parent: '' };
  }
}
