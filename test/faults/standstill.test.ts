import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

/** How long Redis stands still: long enough for every connection to ask whether it is there, too short to be taken for dead. */
const QUESTION_MS = 1500;
/** How long the services stand still: longer than the silence (3 s) after which a connection is taken for dead. */
const STANDSTILL_MS = 4000;

const own = useRedis();

test('services that stood still do not take their connections for dead: the answers lie there unread', async () => {
  await using run = new Scenario(own.redis, { REDIS_PORT: own.server.port, RECLAIM_AFTER: 30 });
  const reader = await run.subscribe();
  const writer = await run.publish({ PUBLISH_INTERVAL: 0.01 });
  await run.flowing();
  const both = [reader, writer];
  process.kill(own.server.pid, 'SIGSTOP');
  await sleep(QUESTION_MS); // so that questions are open when the services stop
  for (const service of both) service.process.kill('SIGSTOP');
  process.kill(own.server.pid, 'SIGCONT');
  await sleep(STANDSTILL_MS);
  for (const service of both) service.process.kill('SIGCONT');
  await run.flowing();
  await run.close();
  for (const service of both) expect(service.events('disconnected')).toEqual([]);
});
