/**
 * `npm run bench [-- throughput|latency|sharing|drain|wildcards|dashboard|page]`: measures the services, as processes, on a private Redis.
 *
 *   npm run bench                            messages per second, next to a reference (throughput.ts)
 *   npm run bench -- latency                 latency at 1,000 messages per second, next to PING (latency.ts)
 *   npm run bench -- sharing                 what patterns cost each other that share processes (sharing.ts)
 *   npm run bench -- drain                   a small and a large backlog (drain.ts)
 *   npm run bench -- wildcards               the cost of wildcard subscriptions for each PUBLISH (wildcards.ts)
 *   npm run bench -- dashboard               what the live page costs the services (dashboard/cost.ts)
 *   npm run bench -- page                    what it costs the browser, at 1,000 messages per second (dashboard/page.ts)
 *   PATTERN=queue,stream npm run bench       these patterns
 *   MESSAGES=1000000 npm run bench           more messages
 */
import { renderTable } from '@redis-messaging/shared/text/table';
import { exitCodeOf } from '../local/process/command.ts';
import { findServer } from '../local/redis/find-server.ts';
import { startRedisServer } from '../local/redis/redis-server.ts';
import { dashboard } from './dashboard/cost.ts';
import { page } from './dashboard/page.ts';
import { drain } from './drain.ts';
import { latency } from './latency.ts';
import type { Measurement } from './measurement.ts';
import { type Options, readOptions } from './options.ts';
import { sharing } from './sharing.ts';
import { throughput } from './throughput.ts';
import { wildcards } from './wildcards.ts';

const measurements: Readonly<Record<string, Measurement>> = {
  throughput,
  latency,
  sharing,
  drain,
  wildcards,
  dashboard,
  page,
};

process.exitCode = await exitCodeOf('bench', async () => {
  await measure(readOptions(process.argv.slice(2), process.env, Object.keys(measurements)));
  return 0;
});

async function measure({ measurement, patterns, messages }: Options): Promise<void> {
  const chosen = measurements[measurement] as Measurement;
  const count = messages ?? chosen.usualMessages;
  const server = await startRedisServer(await findServer(console.error));
  try {
    const rows: string[][] = [];
    if (chosen.isOfAllTogether) rows.push(...(await chosen.rowsOf(patterns, server.port, count)));
    else
      for (const pattern of patterns) {
        rows.push(...(await chosen.rowsOf(pattern, server.port, count)));
        console.error(`${pattern.name}: done`);
      }
    console.log(renderTable(chosen.columns, rows));
  } finally {
    await server.stop();
  }
}
