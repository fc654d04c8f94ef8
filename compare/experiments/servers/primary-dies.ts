import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { formatDuration } from '@redis-messaging/shared/text/table';
import { direct } from '../../../local/redis/one-server.ts';
import type { RedisServer } from '../../../local/redis/redis-server.ts';
import type { Line } from '../../../testkit/service-process.ts';
import { until } from '../../../testkit/until.ts';
import type { PossibleCause } from '../../account/causes.ts';
import { madeAt, writtenAt } from '../../account/lines.ts';
import { disconnections, mostInFlight, type Outage, poppedBefore, pushedDuring } from '../../account/outages.ts';
import { type DeadPrimary, notReplicated } from '../../account/replication.ts';
import { percentilesOf } from '../../measure/percentiles.ts';
import type { Measured } from '../../measure/result.ts';
import { clusterOf, type LabServers, type StartServers, watchedBySentinels } from '../../testbed/lab-servers.ts';
import { watchReplica } from '../../testbed/replica-watch.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { nothingTwiceAfterFailover, survivesDeadPrimary } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';
import { withFigures } from '../findings.ts';

/** What replaces a primary that dies. */
type Kind = 'cluster' | 'sentinel';

const SERVERS: Readonly<Record<Kind, StartServers>> = { cluster: clusterOf(3, 1), sentinel: watchedBySentinels };
const WHO: Readonly<Record<Kind, string>> = {
  cluster: 'a Cluster of 3 primaries, each with a replica',
  sentinel: 'a primary with a replica, and 3 Sentinels',
};
/** Publishing goes on for longer than the servers take to replace a primary. */
const LOAD = { messages: 2000, rate: 250 };
/** Slower than messages are published, so that some wait in Redis when it dies. */
const SLOWER = 1.25;
/** For so long before its death the primary has no replica: else on one machine hardly anything is not replicated. In ms. */
const LAG_MS = 200;
const REPLICA_TIMEOUT_MS = 60_000;
/** WAIT gives up after this time: ms. */
const WAIT_MS = 1000;

/** The names of the figures. */
export const REDIS_BACK = 'Redis took writes again (ms after the death)';
export const WRITES_BACK = 'first message accepted again (ms after the death)';
export const READS_BACK = 'first message received again (ms after the death)';

/** What publishers pay for WAIT: the median. */
export const PUBLISH = 'publish p50 before the replica was cut off (ms)';

/** What is known of a failover. */
interface Failover extends DeadPrimary {
  readonly cutAt: number;
  readonly killedAt: number;
  readonly redisBackAt: number;
  /** The subscriber's. */
  readonly outages: readonly Outage[];
  readonly workSeconds: number;
}

/** What the death of a primary may cost. */
export function lostWithPrimary(guarantees: Guarantees, failover: Failover): PossibleCause[] {
  const { outages, workSeconds } = failover;
  if (!guarantees.keepsUnread) return [pushedDuring('the connection was down', outages)];
  const popped = poppedBefore('popped, then the primary died', outages.slice(0, 1), mostInFlight(workSeconds));
  return [notReplicated(failover), ...(guarantees.survivesCrash ? [] : [popped])];
}

/** @param waits whether publishers wait for a replica */
export const primaryDies = (kind: Kind, waits: boolean): Experiment => ({
  name: `${kind}-primary-dies${waits ? '-wait' : ''}`,
  question: `A primary dies (${kind === 'cluster' ? 'Cluster' : 'Sentinel'}${waits ? ', WAIT_REPLICAS=1' : ''}): for how long does nothing go on, and which accepted messages are lost?`,
  steps: [
    `${WHO[kind]}; all messages are on one primary`,
    `${LOAD.messages} messages are published at ${LOAD.rate} per second, faster than the subscriber works`,
    `at a moment from the seed its replica is cut off, and ${LAG_MS} ms later the primary is killed (SIGKILL)`,
    'as soon as the replica takes writes, the killed one starts again, empty, as its replica',
  ],
  needsOwnRedis: true,
  servers: SERVERS[kind],
  load: LOAD,
  ...(waits && { env: { WAIT_REPLICAS: 1 } }),
  seconds: 20,

  async run(testbed) {
    const { redis, load, topics, services, faults, waits: wait, evidence, signal } = testbed;
    const servers = redis as LabServers;
    const [primary] = servers.primaries as [RedisServer];
    const replica = servers.replica as RedisServer;
    await using watch = await watchReplica(replica);
    const workSeconds = SLOWER / load.rate;
    const subscriber = await services.subscriber('A', { WORK_TIME: workSeconds });
    const publisher = await services.publisher();
    const [moment = 0] = faults.moments(1, 0.1, 0.25);
    await wait.sleep(moment);
    const cutAt = faults.record(`the replica is cut off after ${moment} ms`);
    await cutOff(primary);
    await wait.sleep(LAG_MS);
    const killedAt = faults.record(`SIGKILL of the primary ${LAG_MS} ms later`);
    process.kill(primary.pid, 'SIGKILL');
    await primary.ended;
    const endedAt = Date.now(); // until then it may have accepted messages
    const redisBackAt = await watch.takesWrites(`${topics.prefix}:probe`, (ms) => wait.sleep(ms));
    faults.event('the replica is the primary');
    await servers.demote(await primary.restart());
    const isReplicated = async () =>
      /state=online/.test(await direct(replica.port, (each) => each.info('replication')));
    await until('the replica', isReplicated, REPLICA_TIMEOUT_MS, signal);
    const replicatedAt = faults.event('it has a replica');
    await wait.reconnected(subscriber, 1);
    await wait.settled();
    const outages = disconnections(subscriber, killedAt);
    const failover = { endedAt, cutAt, killedAt, redisBackAt, outages, workSeconds };
    const writesBackAt = Math.max(...disconnections(publisher, killedAt).map(({ until }) => until));
    const publisherOutage = waits
      ? { from: cutAt, until: Math.max(writesBackAt, replicatedAt) + WAIT_MS }
      : { from: killedAt, until: writesBackAt };
    const findings = await evidence.reconcile({
      publisherOutages: [publisherOutage],
      causesOf(pattern) {
        // By message and topic: every message goes by all patterns.
        const replicated = watch.seen(topics.nameOf(pattern));
        return lostWithPrimary(pattern.guarantees, { ...failover, replicated });
      },
    });
    return withFigures(findings, (name) => timesOf(testbed, name, failover));
  },

  headline({ figures }: Measured) {
    const [redis, writes, reads] = [REDIS_BACK, WRITES_BACK, READS_BACK].map((name) => figures[name]);
    const time = (ms: unknown) => (typeof ms === 'number' ? formatDuration(ms) : 'not before the end');
    return `publish p50 ${time(figures[PUBLISH])}; Redis wrote again after ${time(redis)}, publisher ${time(writes)}, subscriber ${time(reads)}`;
  },

  claims: (guarantees, measured) => [
    survivesDeadPrimary(waits)(guarantees, measured),
    nothingTwiceAfterFailover(guarantees, measured),
  ],
});

/** From now on a primary has no replica, and takes none; what it is asked for goes on. */
async function cutOff({ port }: RedisServer): Promise<void> {
  await direct(port, async (redis) => {
    await redis.aclSetUser('default', ['-psync', '-sync']);
    await redis.sendCommand(['CLIENT', 'KILL', 'TYPE', 'REPLICA']);
  });
}

function timesOf(
  { services }: Testbed,
  pattern: string,
  { cutAt, killedAt, redisBackAt }: Omit<Failover, keyof DeadPrimary>,
): Measured['figures'] {
  const published = services.published(pattern);
  const made = new Map(published.map((line) => [line.id, madeAt(line)]));
  const arrivedAt = ({ id, latencyMs }: Line) => (made.get(id) ?? Number.NaN) + latencyMs;
  const after = (times: readonly number[]) => {
    const later = times.filter((time) => time >= redisBackAt);
    return later.length > 0 ? Math.round(Math.min(...later) - killedAt) : null;
  };
  return {
    [PUBLISH]:
      percentilesOf(published.filter((line) => writtenAt(line) < cutAt).map(({ publishMs }) => publishMs))?.p50 ?? null,
    [REDIS_BACK]: redisBackAt - killedAt,
    [WRITES_BACK]: after(published.map(writtenAt)),
    [READS_BACK]: after(services.receivedBy('A', pattern).map(arrivedAt)),
  };
}
