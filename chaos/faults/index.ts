import { killPrimary, migrate } from './cluster.ts';
import { clientKill, cut, halfOpen, hold, idleTimeout, late, smallBuffers } from './connections.ts';
import type { Fault } from './fault.ts';
import { flood } from './flood.ts';
import { wrongType } from './keys.ts';
import { poison } from './poison.ts';
import { freeze, kill, restart, sameName } from './processes.ts';
import { busy, flush, memory, noSnapshot, pauseAll, pauseWrites, readOnly, rights } from './redis.ts';

/** Those of one server. */
export const faults: readonly Fault[] = [
  ...[kill, restart, freeze, sameName],
  ...[cut, hold, halfOpen, clientKill, idleTimeout, smallBuffers],
  ...[pauseAll, pauseWrites, rights, readOnly, memory, noSnapshot, busy],
  ...[wrongType, poison, flood, flush, late],
];

/** Those of a Cluster. */
export const clusterFaults: readonly Fault[] = [kill, restart, freeze, sameName, poison, killPrimary, migrate];

/** Every fault. */
export const allFaults: readonly Fault[] = [...new Set([...faults, ...clusterFaults])];
