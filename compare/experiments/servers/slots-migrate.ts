import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { formatDuration } from '@redis-messaging/shared/text/table';
import { migrateSlot } from '../../../local/redis/migrate-slot.ts';
import type { RedisServer } from '../../../local/redis/redis-server.ts';
import type { PossibleCause } from '../../account/causes.ts';
import { writtenAt } from '../../account/lines.ts';
import { disconnections, NOTICE_MS, type Outage, pushedDuring } from '../../account/outages.ts';
import type { Measured } from '../../measure/result.ts';
import { clusterOf, type LabServers } from '../../testbed/lab-servers.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { nothingLostInMigration, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { withFigures } from '../findings.ts';

const MIGRATIONS = 2;
const LOAD = { messages: 1500, rate: 300 };
/** Slower than messages are published, so that some wait in the slot that moves. */
const SLOWER = 1.25;

/** The names of the figures. */
export const PAUSE = 'longest pause (ms)';
export const MIGRATION = 'longest migration (ms)';

/** What a migration may cost: what is pushed until the subscriber listens to the other server. */
export const lostInMigrations = ({ keepsUnread }: Guarantees, outages: readonly Outage[]): PossibleCause[] =>
  keepsUnread ? [] : [pushedDuring('its slot moved', outages)];

export const slotsMigrate: Experiment = {
  name: 'cluster-slots-migrate',
  question: 'Slots migrate while messages flow (Cluster): what is lost, and for how long does nothing go on?',
  steps: [
    'a Cluster of 2 primaries; all messages are in one slot',
    `${LOAD.messages} messages are published at ${LOAD.rate} per second, faster than the subscriber works`,
    `${MIGRATIONS} times, at moments from the seed, the slot moves to the other primary, as redis-cli does it`,
  ],
  needsOwnRedis: true,
  servers: clusterOf(2, 0),
  load: LOAD,
  seconds: 13,

  async run(testbed) {
    const { redis, load, topics, services, faults, waits, evidence } = testbed;
    const { primaries, admin } = redis as LabServers;
    let [from, to] = primaries as [RedisServer, RedisServer];
    const slot = await admin.clusterKeySlot(topics.prefix);
    const subscriber = await services.subscriber('A', { WORK_TIME: SLOWER / load.rate });
    const publisher = await services.publisher();
    const migrations: Outage[] = [];
    for (const pause of faults.moments(MIGRATIONS, 0.1, 0.9 / MIGRATIONS)) {
      await waits.sleep(pause);
      const beganAt = faults.record(`the slot moves after ${pause} ms`);
      await migrateSlot(slot, { from: from.port, to: to.port });
      migrations.push({ from: beganAt, until: faults.event('it has moved') });
      [from, to] = [to, from];
    }
    await waits.settled();
    const first = migrations[0]?.from as number;
    const moved = migrations.map(({ from, until }) => ({ from, until: until + NOTICE_MS }));
    const outages = [...moved, ...disconnections(subscriber, first)];
    const findings = await evidence.reconcile({
      publisherOutages: [...moved, ...disconnections(publisher, first)],
      causesOf: ({ guarantees }) => lostInMigrations(guarantees, outages),
    });
    const took = Math.max(...migrations.map(({ from, until }) => until - from));
    return withFigures(findings, (name) => ({ [PAUSE]: longestPause(testbed, name, first), [MIGRATION]: took }));
  },

  headline: ({ figures }: Measured) =>
    `migration ${formatDuration(figures[MIGRATION] as number)}, longest pause ${formatDuration(figures[PAUSE] as number)}`,

  claims: (guarantees, measured) => [nothingLostInMigration(guarantees, measured), nothingTwice(guarantees, measured)],
};

/** The longest time between two messages that the subscriber received, since the first migration began. */
function longestPause({ services }: Testbed, pattern: string, since: number): number {
  const times = [since, ...services.receivedBy('A', pattern).map(writtenAt)].filter((time) => time >= since).sort();
  return Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] as number)));
}
