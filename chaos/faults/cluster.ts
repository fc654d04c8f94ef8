import { ownerOf } from '@redis-messaging/shared/redis/servers/cluster';
import { migrateSlot } from '../../local/redis/migrate-slot.ts';
import { until } from '../../testkit/until.ts';
import type { System } from '../system.ts';
import { topicsOf } from '../system.ts';
import { type Fault, nothing, oneOf } from './fault.ts';

const TAKE_OVER_MS = 30_000;

/** Those of which a primary was killed, and is not replaced yet: without two of three, nobody could be chosen. */
const replacing = new WeakSet<System>();

/** A server of a Cluster, as one of the others says. */
interface Node {
  readonly id: string;
  readonly port: number;
  readonly isPrimary: boolean;
  readonly primaryId: string;
  readonly isUp: boolean;
}

export const killPrimary: Fault = {
  name: 'kill-primary',
  about: 'SIGKILL of a primary of a Cluster, for good; what it had not replicated may be lost',
  lasts: [200, 2000],
  loses: true,
  async inject(system, random) {
    if (replacing.has(system)) throw new Error('another primary is not replaced yet');
    const nodes = await nodesOf(system);
    const replicaOf = ({ id }: Node) => nodes.find(({ primaryId, isUp }) => isUp && primaryId === id);
    const victim = oneOf(
      nodes.filter((node) => node.isPrimary && node.isUp && replicaOf(node)),
      random,
    );
    const { id } = replicaOf(victim) as Node;
    replacing.add(system);
    process.kill(system.pidAt(victim.port), 'SIGKILL');
    return {
      what: `SIGKILL of the primary on port ${victim.port}`,
      undo: async () => {
        const hasTakenOver = async () => (await nodesOf(system)).some((node) => node.id === id && node.isPrimary);
        await until('its replica to take over', hasTakenOver, TAKE_OVER_MS, system.signal);
        replacing.delete(system);
      },
    };
  },
};

export const migrate: Fault = {
  name: 'migrate',
  about: 'the slot of a topic moves to another primary of a Cluster',
  lasts: [200, 2000],
  async inject(system, random) {
    const topic = oneOf(topicsOf(system.patterns), random);
    const { slot, owner } = await ownerOf(system.adminOf(topic), topic);
    const from = owner.port;
    const primaries = (await nodesOf(system)).filter(({ isPrimary, isUp }) => isPrimary && isUp);
    if (!primaries.some(({ port }) => port === from)) throw new Error('the primary of the slot is down');
    const { port: to } = oneOf(
      primaries.filter(({ port }) => port !== from),
      random,
    );
    await migrateSlot(slot, { from, to });
    return { what: `the slot of ${topic} moves from port ${from} to ${to}`, undo: nothing };
  },
};

async function nodesOf(system: System): Promise<Node[]> {
  const lines = (await system.insist((admin) => admin.clusterNodes())).trim().split('\n');
  return lines.map((line) => {
    const [id = '', address = '', flags = '', primaryId = ''] = line.split(' ');
    const names = flags.split(',');
    const isUp = !names.some((name) => /^(fail\??|noaddr|handshake)$/.test(name));
    return { id, port: Number(/:(\d+)/.exec(address)?.[1]), isPrimary: names.includes('master'), primaryId, isUp };
  });
}
