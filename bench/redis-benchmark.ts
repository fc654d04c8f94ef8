import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from 'redis';
import { onPath } from '../local/process/on-path.ts';

const LONGEST = 60_000;

/**
 * Requests a second that `redis-benchmark -P 256` reaches with a command, whose second word is a key that it may use up.
 * `undefined` if the program is not there or does not know how.
 */
export async function redisBenchmark(
  port: number,
  requests: number,
  command: readonly string[],
): Promise<number | undefined> {
  const program = onPath('redis-benchmark');
  if (!program) return undefined;
  const options = ['-p', String(port), '-P', '256', '-n', String(requests), '--csv'];
  try {
    const { stdout } = await promisify(execFile)(program, [...options, ...command], { timeout: LONGEST });
    // A line of title and seven figures, the first of them requests a second; the title is the command, unescaped.
    return Number(stdout.trim().split('","').at(-7)) || undefined;
  } catch {
    return undefined;
  } finally {
    const redis = createClient({ socket: { host: '127.0.0.1', port } });
    await redis.connect();
    await redis.del(command[1] as string);
    redis.destroy();
  }
}
