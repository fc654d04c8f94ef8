import { expect, test } from '@jest/globals';
import { until } from '../../testkit/until.ts';
import { readyService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

test('what Redis refused of a publisher that was killed before it could tell of it is unconfirmed, not unexplained', async () => {
  const { redis, server } = own;
  const rights = (...rules: string[]) => redis.sendCommand(['ACL', 'SETUSER', 'publisher', ...rules]);
  await rights('on', '>secret', '~*', '&*', '+@all');
  const base = { REDIS_PORT: server.port, PATTERN: 'pubsub', LOG_LEVEL: 'debug' };
  await using subscriber = await readyService('subscriber', base);
  const asUser = { REDIS_USERNAME: 'publisher', REDIS_PASSWORD: 'secret', PUBLISH_INTERVAL: 0.01 };
  await using publisher = await readyService('publisher', { ...base, ...asUser });
  const told = '{messages}:pubsub:published';
  await until('the publisher to tell what it has made', async () => (await redis.exists(told)) === 1);
  await rights('-hset', '-publish');
  const toldLast = Date.now();
  await publisher.event('refused');
  await rights('+publish');
  await publisher.event('accepted');
  const before = publisher.events('published').at(-1)?.count;
  await subscriber.event('received', (line) => line.count > before);
  await publisher.stop('SIGKILL');
  await until('nothing more to be expected of it', () => Date.now() - toldLast > 6000);
  expect(await subscriber.stop()).toBe(0);
  const counts = subscriber.events('received').map((line) => Number(line.count));
  const missing = Math.max(...counts) - Math.min(...counts) + 1 - counts.length;
  expect(missing).toBeGreaterThan(0);
  const { accepted, handled, lost, unexplained, unconfirmed } = subscriber.final('pubsub');
  expect({ accepted, handled, lost, unexplained }).toEqual({
    ...{ accepted: counts.length, handled: counts.length },
    ...{ lost: 0, unexplained: 0 },
  });
  expect(unconfirmed).toBeGreaterThanOrEqual(missing);
});
