import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

test('a failed message of the reliable queue that could not be given back comes again all the same', async () => {
  await using reader = new ServiceProcess('subscriber', {
    REDIS_PORT: own.server.port,
    PATTERN: 'reliable-queue',
    FAIL_RATE: 1,
    WORK_TIME: 1,
    MAX_ATTEMPTS: 2,
    RECLAIM_AFTER: 1,
  });
  await reader.event('ready');
  await own.redis.rPush('message_reliable_queue', encode(makeMessage('someone', 1)));
  await until(
    'it to be in hand',
    async () => (await own.redis.keys('{message_reliable_queue}:processing:*')).length > 0,
  );
  // Its failure is answered by nobody, and the connection by which it was told breaks: not the one that reads.
  await own.redis.sendCommand(['CLIENT', 'PAUSE', '3000', 'WRITE']);
  await sleep(1500);
  const clients = (await own.redis.sendCommand<string>(['CLIENT', 'LIST'])).split('\n');
  const main = clients.find((line) => / name=subscriber /.test(line));
  await own.redis.sendCommand(['CLIENT', 'KILL', 'ID', /^id=(\d+)/.exec(main ?? '')?.[1] as string]);
  await reader.event('failed', (line) => line.fate === 'dead');
  expect(await own.redis.lLen('{message_reliable_queue}:dead')).toBe(1);
  expect(await reader.stop()).toBe(0);
});
