import { consumerGroups } from './consumers/consumer-groups.ts';
import { lateGroup } from './consumers/late-group.ts';
import { manySubscribers } from './consumers/many-subscribers.ts';
import { nobodyListens } from './consumers/nobody-listens.ts';
import type { Experiment } from './experiment.ts';
import { blackHole } from './faults/black-hole.ts';
import { connectionReset } from './faults/connection-reset.ts';
import { poison } from './faults/poison.ts';
import { redisKilled } from './faults/redis-killed.ts';
import { slowSubscriber } from './faults/slow-subscriber.ts';
import { subscriberCrashes, subscriberCrashesOnce } from './faults/subscriber-crashes.ts';
import { subscriberStops } from './faults/subscriber-stops.ts';
import { backlog } from './load/backlog.ts';
import { fanOut } from './load/fan-out.ts';
import { latency } from './load/latency.ts';
import { throughput } from './load/throughput.ts';
import { primaries } from './servers/primaries.ts';
import { primaryDies } from './servers/primary-dies.ts';
import { slotsMigrate } from './servers/slots-migrate.ts';

/** Every experiment, in the order in which tables show them. @param counts how many subscribers at the same time */
export const experimentsFor = (counts: readonly number[]): readonly Experiment[] => [
  latency,
  throughput,
  nobodyListens,
  subscriberCrashes,
  subscriberCrashesOnce,
  subscriberStops,
  ...counts.map(manySubscribers),
  consumerGroups(2, 2),
  lateGroup,
  slowSubscriber,
  redisKilled('always'),
  redisKilled('everysec'),
  redisKilled('none'),
  connectionReset,
  blackHole,
  poison,
  backlog,
  fanOut,
];

/** Experiments with several servers: they take longer, so they run only when they are asked for. */
export const experimentsWithServers: readonly Experiment[] = [
  primaryDies('cluster', false),
  primaryDies('cluster', true),
  primaryDies('sentinel', false),
  primaryDies('sentinel', true),
  slotsMigrate,
  primaries(1),
  primaries(2),
  primaries(3),
];
