import { hostname } from 'node:os';
import { type Connection, type ConnectionEvents, connect } from '@redis-messaging/shared/redis/connection';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { redisOptions } from '@redis-messaging/shared/service/redis-options';
import { exitCodeAfter, onStopSignals } from '@redis-messaging/shared/service/signals';

const STOP_TIMEOUT_MS = 10_000;

/** The configuration of a part of the system (an API process, a worker), from its environment. */
export const part = {
  /** Its name for others. */
  name: process.env.PART_NAME ?? hostname(),
  /** The prefix of all keys in Redis. */
  prefix: process.env.JOBS_PREFIX ?? 'example-jobs',
  /** Where it listens, if it does: only this machine reaches it unless HOST says otherwise. 0 is any free port. */
  listen: { host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 0) },
};

/** Connects to the Redis of REDIS_URL or REDIS_HOST. The connection reconnects by itself. */
export async function connectPart(role: string, events: Partial<ConnectionEvents> = {}): Promise<Connection> {
  const options = redisOptions(loadConfig(), `example:${part.name}:${role}`);
  return await connect(options, events, new AbortController().signal);
}

/** Reports to the process that started this one that it is ready, and its port. */
export function ready(port?: number): void {
  process.send?.({ port });
}

/** Stops in order on a signal, and at once on a second one; ends at once with the process that started this one. */
export function onStop(stop: () => Promise<void>): void {
  onStopSignals(
    () => {
      setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
      stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    },
    (name) => process.exit(exitCodeAfter(name)),
  );
  if (process.connected) process.once('disconnect', () => process.exit(0));
}
