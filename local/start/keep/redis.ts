import type { LocalRedis } from '../../redis/provide-redis.ts';
import { MOST_QUICK_DEATHS, QuickDeaths } from './quick-deaths.ts';

/**
 * With these, a private Redis that is killed has all that it had confirmed when it is started again: each command is in the file before
 * it is answered. Nothing is flushed to the disk: the file does not outlive this machine's run.
 */
export const KEEPING = ['appendonly yes', 'appendfsync no'];

/**
 * Starts a private Redis again whenever it ends, until the signal aborts.
 * @returns the reason why it is not started again, once there is one; never resolves for a Redis that is the user's
 */
export async function keepRedis(redis: LocalRedis, signal: AbortSignal, say: (line: string) => void): Promise<string> {
  let { server } = redis;
  const deaths = new QuickDeaths();
  while (server) {
    const startedAt = performance.now();
    await server.ended;
    if (signal.aborted) break;
    const endedAt = performance.now();
    if (deaths.areTooMany(endedAt - startedAt))
      return `Redis ended, ${MOST_QUICK_DEATHS} times in a row within seconds`;
    say('Redis ended; starting it again');
    try {
      server = await server.restart();
    } catch (error) {
      return (error as Error).message;
    }
    const keys = await server.countKeys();
    const seconds = ((performance.now() - endedAt) / 1000).toFixed(1);
    const kept = `what it had confirmed came back from its append-only file${keys === undefined ? '' : ` (${keys} keys now)`}`;
    say(
      `Redis is back (process ${server.pid}) on port ${server.port} after ${seconds} s; ${kept}, the rest may be lost`,
    );
  }
  return await new Promise(() => {});
}
