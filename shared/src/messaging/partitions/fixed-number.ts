import { keyOf } from '../../delivery/keys.ts';
import type { Redis } from '../../redis/client.ts';
import type { Connection } from '../../redis/connection.ts';
import { HopelessError, outcomeOf } from '../../redis/outcome.ts';

/** The rights (ACL) to see how many partitions a topic has, and those to fix the number if there are several. */
export const PARTITION_RIGHTS = {
  one: ['~topic:*', 'get'],
  several: ['~topic', '~topic:*', 'get', 'set', 'exists'],
} as const;

/**
 * Sees to it that a topic has one number of partitions for all of its life: by another number, messages would go where nobody reads.
 * Where Redis refuses to tell, nobody is hindered.
 * @throws HopelessError if it has another
 */
export async function checkPartitions(
  connection: Connection,
  topic: string,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const known = await connection
    .survive(signal, () => numberOf(connection.client, topic, count))
    .catch((error) => {
      if (outcomeOf(error) !== 'refused') throw error;
    });
  if (known !== undefined && known !== count)
    throw new HopelessError(
      `topic ${JSON.stringify(topic)} has ${known === 1 ? 'no partitions' : `${known} partitions`}, and the number cannot change; expected ${known} (PARTITIONS=${known}), or another topic, which is read beside this one until it is empty`,
    );
}

async function numberOf(redis: Redis, topic: string, count: number): Promise<number> {
  const key = keyOf(topic, 'partitions');
  return count > 1 ? await fix(redis, key, topic, count) : Number((await redis.get(key)) ?? 1);
}

/** Writes the number down, unless there is one. @returns the one that is written */
async function fix(redis: Redis, key: string, topic: string, count: number): Promise<number> {
  const written = await redis.get(key);
  if (written !== null) return Number(written);
  if ((await redis.exists(topic)) === 1) return 1; // it was used without partitions
  await redis.set(key, String(count), { condition: 'NX' });
  return Number(await redis.get(key));
}
