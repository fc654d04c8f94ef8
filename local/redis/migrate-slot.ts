import { openTo } from './one-server.ts';

/** The ports of the servers between which a slot moves. */
export interface Migration {
  readonly from: number;
  readonly to: number;
}

const KEYS_AT_ONCE = 10;
const MIGRATE_TIMEOUT_MS = 5000;

/** Moves a slot of a private Cluster, with its keys, from one primary to another, as `redis-cli --cluster reshard` does. */
export async function migrateSlot(slot: number, { from, to }: Migration): Promise<void> {
  const [source, target] = await Promise.all([openTo(from), openTo(to)]);
  try {
    const [sourceId, targetId] = await Promise.all([source.clusterMyId(), target.clusterMyId()]);
    await target.clusterSetSlot(slot, 'IMPORTING', sourceId);
    await source.clusterSetSlot(slot, 'MIGRATING', targetId);
    for (;;) {
      const keys = await source.clusterGetKeysInSlot(slot, KEYS_AT_ONCE);
      if (keys.length === 0) break;
      await source.sendCommand([
        'MIGRATE',
        '127.0.0.1',
        String(to),
        '',
        '0',
        String(MIGRATE_TIMEOUT_MS),
        'KEYS',
        ...keys,
      ]);
    }
    await target.clusterSetSlot(slot, 'NODE', targetId);
    await source.clusterSetSlot(slot, 'NODE', targetId);
  } finally {
    source.destroy();
    target.destroy();
  }
}
