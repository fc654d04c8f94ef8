import { expect, test } from '@jest/globals';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { until } from '../../testkit/until.ts';
import { startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

test('a failed message of the reliable queue that could not be requeued comes again all the same', async () => {
  await using reader = startService('subscriber', {
    REDIS_PORT: own.server.port,
    PATTERN: 'reliable-queue',
    FAIL_RATE: 1,
    WORK_TIME: 4,
    MAX_ATTEMPTS: 2,
    RECLAIM_AFTER: 300, // so no sign of life is written meanwhile, and nobody takes it for dead
  });
  await reader.event('ready');
  await own.redis.rPush('message_reliable_queue', encode(makeMessage('someone', 1)));
  await until(
    'it to be in flight',
    async () => (await own.redis.keys('{message_reliable_queue}:processing:*')).length > 0,
  );
  await until('it to be with its handler', async () =>
    (await own.redis.clientList()).some(
      ({ name, cmd, flags }) => name === 'subscriber:reliable-queue' && cmd === 'eval' && !flags.includes('b'),
    ),
  );
  // Its failure is answered by nobody, and the connection by which it was told breaks: not the one that reads.
  await own.redis.sendCommand(['CLIENT', 'PAUSE', '60000', 'WRITE']);
  const main = await until('its failure to be held back', async () =>
    (await own.redis.clientList()).find(({ name, flags }) => name === 'subscriber' && flags.includes('b')),
  );
  await own.redis.sendCommand(['CLIENT', 'KILL', 'ID', String(main.id)]);
  await own.redis.sendCommand(['CLIENT', 'UNPAUSE']);
  await reader.event('failed', (line) => line.fate === 'dead');
  expect(await own.redis.lLen('{message_reliable_queue}:dead')).toBe(1);
  expect(await reader.stop()).toBe(0);
});
