import { setTimeout as sleep } from 'node:timers/promises';
import { createOneClient, type Redis } from '@redis-messaging/shared/redis/client';
import { ownerOf as ownerIn } from '@redis-messaging/shared/redis/servers/cluster';
import type { ServerOptions } from './redis-server.ts';

const READY_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** A connection to one server of this machine, whichever keys that has. The caller destroys it; it does not come back by itself. */
export async function openTo(
  port: number,
  { username, password }: Pick<ServerOptions, 'username' | 'password'> = {},
): Promise<Redis> {
  const access = { ...(username && { username }), ...(password && { password }) };
  const redis = createOneClient(access, { host: '127.0.0.1', port, reconnectStrategy: false });
  redis.on('error', () => {}); // the commands tell
  await redis.connect();
  return redis;
}

/** Asks something of one server of this machine. */
export async function direct<Answer>(port: number, ask: (redis: Redis) => Promise<Answer>): Promise<Answer> {
  const redis = await openTo(port);
  try {
    return await ask(redis);
  } finally {
    redis.destroy();
  }
}

/** The slot of a key, and the port of the primary that has it now, as one server of a Cluster says. @param asked its port */
export async function ownerOf(key: string, asked: number): Promise<{ slot: number; port: number }> {
  const { slot, owner } = await direct(asked, (redis) => ownerIn(redis, key));
  return { slot, port: owner.port };
}

/** Waits until it is so; what is refused is not so yet. @throws after half a minute, with what was refused last */
export async function untilReady(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await isSo().catch((error: Error) => error);
    if (answer === true) return;
    if (performance.now() > deadline) throw answer || new Error(`${what} did not become ready`);
    await sleep(LOOK_EVERY_MS);
  }
}
