/**
 * `npm run bench [-- throughput|latency|drain|wildcards|live]`: measures the services, as processes, on a private Redis of its own.
 *
 *   npm run bench                            messages per second, next to a reference (throughput.ts)
 *   npm run bench -- latency                 latency at 1,000 messages per second, next to PING (latency.ts)
 *   npm run bench -- drain                   a small and a large backlog (drain.ts)
 *   npm run bench -- wildcards               the cost of wildcard subscriptions for each PUBLISH (wildcards.ts)
 *   npm run bench -- live                    what the live page costs the services (live.ts)
 *   PATTERN=queue,stream npm run bench       these patterns
 *   MESSAGES=1000000 npm run bench           more messages
 */
import { renderTable } from '@redis-messaging/shared/text/table';
import { exitCodeOf } from '../local/process/command.ts';
import { findServer } from '../local/redis/find-server.ts';
import { startRedisServer } from '../local/redis/redis-server.ts';
import { drain } from './drain.ts';
import { latency } from './latency.ts';
import { live } from './live.ts';
import type { Measurement } from './measurement.ts';
import { type Options, readOptions } from './options.ts';
import { throughput } from './throughput.ts';
import { wildcards } from './wildcards.ts';

const measurements: Readonly<Record<string, Measurement>> = { throughput, latency, drain, wildcards, live };

process.exitCode = await exitCodeOf('bench', async () => {
  await measure(readOptions(process.argv.slice(2), process.env, Object.keys(measurements)));
  return 0;
});

async function measure({ measurement, patterns, messages }: Options): Promise<void> {
  const { columns, usualMessages, rowsOf } = measurements[measurement] as Measurement;
  const server = await startRedisServer(await findServer(console.error));
  try {
    const rows: string[][] = [];
    for (const pattern of patterns) {
      rows.push(...(await rowsOf(pattern, server.port, messages ?? usualMessages)));
      console.error(`${pattern.name}: done`);
    }
    console.log(renderTable(columns, rows));
  } finally {
    await server.stop();
  }
}
