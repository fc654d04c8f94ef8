import { setTimeout as sleep } from 'node:timers/promises';
import { type BufferRedis, type Redis, withBuffers } from '../redis/client.ts';
import type { Connection } from '../redis/connection.ts';
import { outcomeOf } from '../redis/outcome.ts';

const UNBLOCK_EVERY_MS = 20;
/** If nobody answers CLIENT UNBLOCK for this long: Redis is gone, and with it whatever it would have handed over. */
const GIVE_UP_MS = 1200;

/** The rights that it needs, as `Rights` of a pattern. */
export const BLOCKING_RIGHTS = ['client|id', 'client|unblock', 'multi', 'eval', 'exec'] as const;

/** A connection for blocking reads. */
export interface BlockingConnection {
  readonly connection: Connection;
  /** Its client, with replies as Buffers. */
  readonly client: BufferRedis;
  /** When Redis answered a read last, even with nothing: steady ms. */
  readonly answeredAt: number;
  /** Reads: see `survive` of a connection. */
  read<Reply>(command: () => Promise<Reply>): Promise<Reply | undefined>;
  /** Nothing more will be read, so that nothing needs to be ended. */
  end(): void;
  close(): Promise<void>;
}

/**
 * Opens a connection for blocking reads, with replies as Buffers. When the signal aborts, a read that blocks is ended by
 * CLIENT UNBLOCK from the other connection: unlike a connection that is dropped, it cannot lose what Redis pops at that
 * very moment. Close it when the reading has ended.
 */
export async function openBlocking(parent: Connection, role: string, signal: AbortSignal): Promise<BlockingConnection> {
  const connection = await parent.duplicate(role, signal);
  let id: number | undefined;
  let hasEnded = false;
  let answeredAt = performance.now();
  const learnId = async () => {
    id = undefined; // a new connection has a new one
    id = await connection.client.clientId().catch(() => undefined);
  };
  connection.client.on('ready', learnId);
  await learnId();

  async function unblock(): Promise<void> {
    let answeredAt = performance.now();
    // Repeated, because a read that was on its way when the signal came blocks only after the first UNBLOCK.
    while (!hasEnded && connection.isReady && performance.now() - answeredAt < GIVE_UP_MS) {
      if (id === undefined) await sleep(UNBLOCK_EVERY_MS);
      else if (await answered(unblockClient(parent.client, id))) answeredAt = performance.now();
      await sleep(UNBLOCK_EVERY_MS);
    }
    if (!hasEnded) connection.destroy(); // the read fails
  }
  signal.addEventListener('abort', unblock, { once: true });
  if (signal.aborted) void unblock();

  return {
    connection,
    client: withBuffers(connection.client),
    get answeredAt(): number {
      return answeredAt;
    },
    read: <Reply>(command: () => Promise<Reply>) =>
      connection.survive(signal, async () => {
        const reply = await command();
        answeredAt = performance.now();
        return reply;
      }),
    end(): void {
      hasEnded = true;
    },
    async close(): Promise<void> {
      hasEnded = true;
      signal.removeEventListener('abort', unblock);
      await connection.close();
    },
  };
}

/**
 * CLIENT UNBLOCK, postponed by CLIENT PAUSE like the read that it is to end: to unblock a client that waits for the end of a pause
 * crashes servers made before the summer of 2025 (redis/redis#14164, valkey-io/valkey#2117; tried on Redis 7.0.15). The script does
 * nothing, but because of it a pause of writes holds back the whole transaction.
 */
async function unblockClient(redis: Redis, id: number): Promise<unknown> {
  return await redis.multi().eval('return 0', { keys: [], arguments: [] }).clientUnblock(id).exec();
}

/** Whether Redis answers, in whatever way, before it is time to give up. */
async function answered(command: Promise<unknown>): Promise<boolean> {
  const answer = command.then(
    () => true,
    (error) => outcomeOf(error) === 'refused',
  );
  return await Promise.race([answer, sleep(GIVE_UP_MS, false, { ref: false })]);
}
