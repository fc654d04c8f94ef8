import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { freePort } from '../../local/redis/redis-server.ts';
import { until } from '../../testkit/until.ts';
import { connectTo, startRedis } from '../support/redis.ts';
import { Scenario } from '../support/scenario.ts';

/** The most that one reply carries. */
const BATCH = 500;

/** What Redis may forget of what it accepted: that of the last so many seconds (`appendfsync always`: outage.test.ts). */
const persistence = [
  ['appendfsync everysec', 2, ['appendonly yes', 'appendfsync everysec']],
  ['no persistence', Number.POSITIVE_INFINITY, ['appendonly no']],
] as const;

describe('a Redis that is killed and comes back', () => {
  test.each(persistence)(
    'with %s: so do both services, and the books are true',
    async (_what, seconds, lines) => {
      const folder = await mkdtemp(join(tmpdir(), 'killed-'));
      await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
      const port = await freePort();
      const start = () => startRedis({ port, settings: [`dir ${folder}`, ...lines] });
      let server = await start();
      await using __ = { [Symbol.asyncDispose]: () => server.stop() };
      await using redis = await connectTo(port);
      await using run = new Scenario(redis.client, { REDIS_PORT: port, RECLAIM_AFTER: 1 });
      const reader = await run.subscribe({ WORK_TIME: 0.003 }); // too slow, so that much waits
      const writer = await run.publish({ PUBLISH_INTERVAL: 0.002 });
      await reader.event('received', (line) => line.count === 200);
      for (const pattern of run.kept)
        await until('much to wait', async () => ((await run.backlog(pattern)).waiting ?? 0) > 50);
      const killedAt = Date.now();
      process.kill(server.pid, 'SIGKILL');
      await server.stop();
      server = await start();
      for (const service of [writer, reader]) await service.event('reconnected');
      await run.flowing();

      const fates = await run.close({ keeps: false });
      const back = writer.lines.findIndex((line) => line.event === 'reconnected');
      for (const [{ name, guarantees }, { lost }] of fates) {
        expect([name, writer.final(name).buffered]).toEqual([name, 0]);
        if (!guarantees.keepsUnread) continue;
        const forgotten = writer.events('published', name).filter((line) => lost.includes(line.count));
        expect(forgotten.filter((line) => writer.lines.indexOf(line) > back)).toEqual([]);
        if (seconds === Number.POSITIVE_INFINITY) expect([name, forgotten.length]).not.toEqual([name, 0]);
        const early = forgotten.filter((line) => killedAt - Date.parse(line.time) > seconds * 1000);
        if (guarantees.delivery === 'at-least-once') expect([name, early]).toEqual([name, []]);
        else expect(early.length).toBeLessThanOrEqual(BATCH);
      }
    },
    180_000,
  );
});
