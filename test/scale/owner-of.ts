import { createClient } from 'redis';

/** The slot of a key, and the port of the primary that has it now, as one of the Cluster's servers says. */
export async function ownerOf(key: string, asked: number): Promise<{ slot: number; port: number }> {
  const redis = createClient({ socket: { host: '127.0.0.1', port: asked, reconnectStrategy: false } });
  await redis.on('error', () => {}).connect();
  try {
    const [slot, ranges] = await Promise.all([redis.clusterKeySlot(key), redis.clusterSlots()]);
    const owner = ranges.find(({ from, to }) => from <= slot && slot <= to);
    return { slot, port: owner?.master.port as number };
  } finally {
    redis.destroy();
  }
}
