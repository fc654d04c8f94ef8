import type { Experiment } from '../runner/experiment.ts';
import { backlog } from './backlog.ts';
import { connectionCut } from './connection-cut.ts';
import { consumers } from './consumers.ts';
import { fanOut } from './fan-out.ts';
import { lateGroup } from './late-group.ts';
import { latency } from './latency.ts';
import { manySubscribers } from './many-subscribers.ts';
import { nobodyListens } from './nobody-listens.ts';
import { poison } from './poison.ts';
import { redisKilled } from './redis-killed.ts';
import { slowSubscriber } from './slow-subscriber.ts';
import { subscriberCrashes, subscriberCrashesOnce } from './subscriber-crashes.ts';
import { subscriberStops } from './subscriber-stops.ts';
import { throughput } from './throughput.ts';

/** Every experiment, in the order in which tables show them. @param counts how many subscribers at the same time */
export const experimentsFor = (counts: readonly number[]): readonly Experiment[] => [
  latency,
  throughput,
  nobodyListens,
  subscriberCrashes,
  subscriberCrashesOnce,
  subscriberStops,
  ...counts.map(manySubscribers),
  consumers(2, 2),
  lateGroup,
  slowSubscriber,
  redisKilled('always'),
  redisKilled('everysec'),
  redisKilled('none'),
  connectionCut('reset'),
  connectionCut('black-hole'),
  poison,
  backlog,
  fanOut,
];
