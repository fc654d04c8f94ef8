import { partitionsOf } from '@redis-messaging/shared/messaging/partitions/names';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { formatNumber } from '@redis-messaging/shared/text/table';
import { migrateSlot } from '../../../local/redis/migrate-slot.ts';
import { openTo, ownerOf } from '../../../local/redis/one-server.ts';
import type { RedisServer } from '../../../local/redis/redis-server.ts';
import { sum } from '../../account/sum.ts';
import { cpuOf } from '../../measure/redis-cost.ts';
import type { Measured } from '../../measure/result.ts';
import { clusterOf, type LabServers } from '../../testbed/lab-servers.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { nothingLostAtFullSpeed, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { forEach } from '../findings.ts';
import { measureFullSpeed } from '../load/throughput.ts';

/** As many for every number of primaries, so that the services do the same work; each of up to 3 primaries has as many. */
const PARTITIONS = 6;
/** The names of the figures. */
export const BUSIEST = 'busiest primary: CPU (µs per message)';
export const TOGETHER = 'all primaries: CPU (µs per message)';
export const MOST = 'most messages/s, by the CPU of the busiest primary';

/** @param count of primaries */
export const primaries = (count: number): Experiment => ({
  name: `cluster-${count}-${count === 1 ? 'primary' : 'primaries'}`,
  question: `${count} ${count === 1 ? 'primary' : 'primaries'} (Cluster, PARTITIONS=${PARTITIONS}): how much CPU does a message cost each?`,
  steps: [
    `a Cluster of ${count}, and ${PARTITIONS} partitions of each topic, of which each primary has as many`,
    'one publisher publishes as fast as it can, and a subscriber receives, one pattern after the other',
    'the CPU of each primary is what its INFO says, without what it uses while idle',
  ],
  needsOwnRedis: true,
  servers: clusterOf(count, 0),
  env: { PARTITIONS },
  onlyMeasures: true,
  seconds: 25,

  async run(testbed) {
    const { redis, waits, patterns, topics } = testbed;
    const servers = (redis as LabServers).primaries;
    for (const pattern of patterns)
      if ((pattern as Pattern).isPartitionable) await spread(topics.nameOf(pattern), servers);
    const clients = await Promise.all(servers.map(({ port }) => openTo(port)));
    try {
      return await forEach(testbed, async (pattern) => {
        const arrived: Testbed['waits']['received'] = (...all) => waits.arrived(...all);
        const measured = await measureFullSpeed(testbed, pattern, arrived, () => cpuOf(clients));
        return { ...measured, figures: figuresOf(measured.figures) };
      });
    } finally {
      for (const client of clients) client.destroy();
    }
  },

  headline: ({ figures }) =>
    `${figures[BUSIEST]} µs on the busiest, ${figures[TOGETHER]} together: ${formatNumber(Number(figures[MOST]))}/s`,

  claims: (guarantees, measured) =>
    [nothingLostAtFullSpeed, nothingTwice].map((expect) => expect(guarantees, measured)),
});

function figuresOf(each: Measured['figures']): Measured['figures'] {
  const costs = Object.values(each).map(Number);
  const busiest = Math.max(...costs);
  const all = { [BUSIEST]: busiest, [TOGETHER]: Number(sum(costs).toFixed(2)), [MOST]: Math.round(1e6 / busiest) };
  return { ...all, ...each };
}

/** Gives each primary as many of a topic's partitions as the others, as an operator does by moving slots. */
async function spread(topic: string, servers: readonly RedisServer[]): Promise<void> {
  for (const [index, name] of partitionsOf(topic, PARTITIONS).entries()) {
    const to = servers[index % servers.length] as RedisServer;
    const { slot, port: from } = await ownerOf(name, to.port);
    if (from !== to.port) await migrateSlot(slot, { from, to: to.port });
  }
}
