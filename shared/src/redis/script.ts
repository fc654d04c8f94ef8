import { createHash } from 'node:crypto';
import type { Redis } from './client.ts';

/** Runs a Lua script. Arguments may be Buffers, which the client passes on byte by byte whatever its types say. */
export async function runScript(
  redis: Pick<Redis, 'eval'>,
  script: string,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
): Promise<unknown> {
  return await redis.eval(script, { keys: [...keys], arguments: [...args] as string[] });
}

/**
 * As `runScript`, but sends the text only when Redis does not know it (again): for scripts that run often. Then it is sent behind
 * what was sent meanwhile, so it is not for steps that must keep their order, as publishing must.
 */
export async function runKnownScript(
  redis: Pick<Redis, 'eval' | 'evalSha'>,
  script: string,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
): Promise<unknown> {
  try {
    return await redis.evalSha(sha1Of(script), { keys: [...keys], arguments: [...args] as string[] });
  } catch (error) {
    if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
    return await runScript(redis, script, keys, args);
  }
}

/** By text. There are few scripts. */
const sha1s = new Map<string, string>();

function sha1Of(script: string): string {
  let sha1 = sha1s.get(script);
  if (sha1 === undefined) {
    sha1 = createHash('sha1').update(script).digest('hex');
    sha1s.set(script, sha1);
  }
  return sha1;
}
