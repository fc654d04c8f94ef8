import { expect, test } from '@jest/globals';
import { queue } from '@redis-messaging/shared/patterns/queue';
import { heldIn } from '@redis-messaging/shared/service/account/backlog';
import { connectTo } from '../support/redis.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
/** Longer than a report waits. */
const PAUSED_MS = 1000;

test('what Redis holds is unknown in a report when Redis is slow; the last figures wait, until the service must end', async () => {
  await using other = await connectTo(own.server.port);
  await own.redis.rPush('held', ['one', 'two']);
  const held = async (abandon?: AbortSignal) =>
    await heldIn([{ name: 'held', redis: other.client }], queue, 'group', abandon);
  expect(await held()).toMatchObject({ waiting: 2, inFlight: 0 });

  const abandon = new AbortController();
  await own.redis.clientPause(PAUSED_MS, 'ALL');
  const last = held(abandon.signal);
  expect(await held()).toMatchObject({ waiting: null, inFlight: null });
  expect(await last).toMatchObject({ waiting: 2, inFlight: 0 });

  await own.redis.clientPause(2 * PAUSED_MS, 'ALL');
  const abandoned = held(abandon.signal);
  abandon.abort();
  expect(await abandoned).toMatchObject({ waiting: null });
  expect(await held(abandon.signal)).toMatchObject({ waiting: null });
});
