import { describe, expect, jest, test } from '@jest/globals';
import { decode } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { RESP_TYPES } from 'redis';
import { until } from '../../testkit/until.ts';
import { Scenario } from '../support/scenario.ts';
import { useRedis } from '../support/use-redis.ts';

const MESSAGES = Number(process.env.MESSAGES ?? 500);
/** How many of the entries that are pending somebody else trims. */
const TRIMMED = 20;

const own = useRedis();
jest.setTimeout(120_000);
const streams = patterns.filter(({ commands }) => commands.some((word) => word === 'XADD'));

async function pendingIds(key: string): Promise<string[]> {
  return (await own.redis.xPendingRange(key, 'subscribers', '-', '+', 10_000)).map(({ id }) => String(id));
}

/** The counts of the entries that are not acknowledged, before an id. */
async function pendingCountsBefore(key: string, id: string): Promise<number[]> {
  const pending = new Set(await pendingIds(key));
  const entries = await own.redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).xRange(key, '-', `(${id}`);
  return (entries ?? [])
    .filter((entry) => pending.has(String(entry.id)))
    .map(({ message }) => {
      const decoded = decode(Object.values(message)[0] as unknown as Buffer);
      return decoded.ok ? decoded.message.count : Number.NaN;
    });
}

describe.each(streams.map((pattern) => [pattern.name, pattern] as const))(
  'a %s that somebody trims while a subscriber that has entries pending is dead',
  (_name, pattern) => {
    const key = pattern.topic.default;

    test.each([
      ['another subscriber', 'other'],
      ['the same subscriber in its next life', 'victim'],
    ])('%s reports exactly how many are missing, and gets everything else', async (_who, heirName) => {
      await using run = new Scenario(own.redis, { REDIS_PORT: own.server.port, RECLAIM_AFTER: 1 }, [pattern]);
      const writer = await run.publish({ MESSAGE_COUNT: MESSAGES, PUBLISH_INTERVAL: 0 });
      await writer.exited;
      const before = await run.subscribe({ CONSUMER: 'victim', WORK_TIME: 0.02 });
      await before.event('received', (line) => line.received === TRIMMED);
      expect(await before.stop()).toBe(0);
      // It handles nothing. Else a kill may come between a message's line in the log and its entry in the account, which the next life
      // goes on with; a message like that mostly comes again, but not if it is trimmed.
      const victim = await run.subscribe({ CONSUMER: 'victim', FAIL_RATE: 1 });
      await until('much to be in flight', async () => (await pendingIds(key)).length > 2 * TRIMMED);
      await victim.stop('SIGKILL');
      const oldestLeft = (await pendingIds(key))[TRIMMED] as string;
      const trimmed = await pendingCountsBefore(key, oldestLeft);
      expect(trimmed).toHaveLength(TRIMMED);
      await own.redis.sendCommand(['XTRIM', key, 'MINID', oldestLeft]);

      const heir = await run.subscribe({ CONSUMER: heirName });
      const [fates] = (await run.close({ keeps: false })).values();
      const missing = heir.events('missing').reduce((sum, { messages }) => sum + messages, 0);
      expect(missing).toBe(TRIMMED);
      expect(fates?.lost).toEqual(trimmed);
    });
  },
);
