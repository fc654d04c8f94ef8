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
