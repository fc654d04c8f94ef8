import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { until } from '../../testkit/until.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

/** How long Redis stands still: long enough for every connection to ask whether it is there, too short to be taken for dead. */
const QUESTION_MS = 1500;
/** How long the services stand still: longer than the silence (3 s) after which a connection is taken for dead. */
const STANDSTILL_MS = 4000;
/** After such a silence (ms) a connection may be about to be taken for dead. */
const SILENCE_MS = 2500;

const own = useRedis();

test('services that stood still do not take their connections for dead: the answers lie there unread', async () => {
  await using run = new Scenario(own.redis, { REDIS_PORT: own.server.port, RECLAIM_AFTER: 30 });
  const reader = await run.subscribe();
  const writer = await run.publish({ PUBLISH_INTERVAL: 0.01 });
  await run.flowing();
  const both = [reader, writer];
  const disconnections = () => both.flatMap((service) => service.events('disconnected'));
  /** @returns how many connections broke, unless Redis had stood still for too long when the services did */
  const standStill = async () => {
    const before = disconnections().length;
    const since = performance.now();
    process.kill(own.server.pid, 'SIGSTOP');
    await sleep(QUESTION_MS); // so that questions are open when the services stop
    for (const service of both) service.process.kill('SIGSTOP');
    const stoodStill = performance.now() - since;
    process.kill(own.server.pid, 'SIGCONT');
    await sleep(STANDSTILL_MS);
    for (const service of both) service.process.kill('SIGCONT');
    await run.flowing();
    return stoodStill < SILENCE_MS ? { broken: disconnections().length - before } : undefined;
  };
  expect(await until('services that stood still in time', standStill, 60_000)).toEqual({ broken: 0 });
  await run.close();
});
