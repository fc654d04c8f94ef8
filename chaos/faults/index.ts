import { clientKill, cut, halfOpen, hold, idleTimeout, late, smallBuffers } from './connections.ts';
import type { Fault } from './fault.ts';
import { flood } from './flood.ts';
import { wrongType } from './keys.ts';
import { poison } from './poison.ts';
import { freeze, kill, restart, sameName } from './processes.ts';
import { busy, flush, memory, noSnapshot, pauseAll, pauseWrites, readOnly, rights } from './redis.ts';

/** Every fault. */
export const faults: readonly Fault[] = [
  ...[kill, restart, freeze, sameName],
  ...[cut, hold, halfOpen, clientKill, idleTimeout, smallBuffers],
  ...[pauseAll, pauseWrites, rights, readOnly, memory, noSnapshot, busy],
  ...[wrongType, poison, flood, flush, late],
];
