import type { Redis } from '@redis-messaging/shared/redis/client';
import { direct, openTo } from '../../local/redis/one-server.ts';
import type { RedisServer } from '../../local/redis/redis-server.ts';

/** Of a line of MONITOR, the key or channel of its command. */
const KEY = /^\S+ \[[^\]]*\] "[^"]*" "([^"]*)"/;
/** The ids of messages. */
const IDS = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;
const PROBE_EVERY_MS = 10;

/** Watches a replica: which messages it has got, and when it takes writes itself. */
export interface ReplicaWatch extends AsyncDisposable {
  /** The ids of all messages in the commands to a key or channel that it has executed, its primary's or its own. */
  seen(key: string): ReadonlySet<string>;
  /** Tries to write until it takes that. @returns when it did: ms since 1970 */
  takesWrites(key: string, sleep: (ms: number) => Promise<void>): Promise<number>;
}

/** Begins to watch. Everything that a replica executes is shown by its MONITOR. */
export async function watchReplica({ port }: RedisServer): Promise<ReplicaWatch> {
  const seen = new Map<string, Set<string>>();
  const monitors: Redis[] = [];
  async function watch(): Promise<void> {
    const monitor = await openTo(port);
    monitors.push(monitor);
    await monitor.monitor((line) => {
      const [, key = ''] = KEY.exec(line) ?? [];
      const ids = seen.get(key) ?? new Set();
      seen.set(key, ids);
      for (const [id] of line.matchAll(IDS)) ids.add(id);
    });
  }
  await watch();
  return {
    seen: (key) => seen.get(key) ?? new Set(),
    async takesWrites(key, sleep) {
      const write = () => direct(port, (redis) => redis.set(key, '')).catch(() => undefined); // it is none yet
      while (!(await write())) await sleep(PROBE_EVERY_MS);
      const since = Date.now();
      await watch(); // Sentinels have the one that they promote close its connections
      return since;
    },
    async [Symbol.asyncDispose]() {
      for (const monitor of monitors) if (monitor.isOpen) monitor.destroy();
    },
  };
}
