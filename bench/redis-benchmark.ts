import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from 'redis';
import { onPath } from '../local/process/on-path.ts';

const TIMEOUT_MS = 60_000;

/**
 * Requests per second that `redis-benchmark -P 256` reaches with a command; `undefined` if the program is not installed or fails.
 * @param key the key that the command fills; removed afterwards
 */
export async function redisBenchmark(
  port: number,
  requests: number,
  command: readonly string[],
  key: string,
): Promise<number | undefined> {
  const program = onPath('redis-benchmark');
  if (!program) return undefined;
  const options = ['-p', String(port), '-P', '256', '-n', String(requests), '--csv'];
  try {
    const { stdout } = await promisify(execFile)(program, [...options, ...command], { timeout: TIMEOUT_MS });
    // A line of title and seven numbers, the first of them requests per second; the title is the command, unescaped.
    return Number(stdout.trim().split('","').at(-7)) || undefined;
  } catch {
    return undefined;
  } finally {
    const redis = createClient({ socket: { host: '127.0.0.1', port } });
    await redis.connect();
    await redis.del(key);
    redis.destroy();
  }
}
