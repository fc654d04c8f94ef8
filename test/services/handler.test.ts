import { afterEach, describe, expect, test } from '@jest/globals';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { serviceCommand } from '../../local/process/node-command.ts';
import { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { untilDrained } from '../support/drained.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const base = () => ({ REDIS_PORT: own.server.port });
const repeating = patterns.filter(({ guarantees }) => guarantees.delivery === 'at-least-once');
const messages = (count: number) => Array.from({ length: count }, (_, index) => encode(makeMessage('me', index + 1)));

afterEach(async () => {
  await own.redis.flushAll();
});

describe('HANDLER', () => {
  test('a file of one’s own, in TypeScript, handles the messages; what it fails comes again', async () => {
    const PATTERN = repeating.map(({ name }) => name).join();
    const env = { ...base(), PATTERN, HANDLER: 'test/support/upper-case-handler.ts', RECLAIM_AFTER: 0.3 };
    await using reader = new ServiceProcess('subscriber', env, [], serviceCommand);
    await reader.event('ready');
    for (const { publish, topic } of repeating) await publish(own.redis, topic.default, messages(4));
    await untilDrained(own.redis, repeating);
    expect(await reader.stop()).toBe(0);
    const handled = reader.text.filter((line) => line.startsWith('handled HELLO FROM TYPESCRIPT #'));
    expect(handled).toHaveLength(4 * repeating.length);
    for (const { name } of repeating)
      expect(reader.final(name)).toMatchObject({ received: 4, failed: 2, redelivered: 2, dead: 0, lost: 0 });
  });

  test.each([
    ['no-such-file.mjs', 'HANDLER="no-such-file.mjs": expected the path of a file that can be read'],
    ['README.md', 'HANDLER=README.md cannot be loaded'],
    ['test/support/hostile.ts', 'HANDLER=test/support/hostile.ts exports no handler'],
  ])('%s is one clear error', async (HANDLER, error) => {
    await using reader = new ServiceProcess('subscriber', { ...base(), HANDLER }, [], serviceCommand);
    expect(await reader.exited).toBe(1);
    const said = [...reader.text, ...reader.events('fatal').map(({ msg }) => msg)].join('\n');
    expect(said).toContain(error);
  });
});

test('a mistake in a program ends it in order: what is in flight is requeued, the table is printed, exit code 1', async () => {
  const PATTERN = patterns.filter(({ guarantees }) => guarantees.keepsUnread).map(({ name }) => name);
  const env = { ...base(), PATTERN: PATTERN.join(), HANDLER: 'test/support/crashing-handler.mjs', CONCURRENCY: 8 };
  await using reader = await readyService('subscriber', env);
  const kept = patterns.filter(({ name }) => PATTERN.includes(name));
  for (const { publish, topic } of kept) await publish(own.redis, topic.default, messages(20));
  expect(await reader.exited).toBe(1);
  expect(reader.events('fatal')).toHaveLength(1);
  expect(reader.events('stopped')).toHaveLength(1);
  for (const { name, backlog, topic } of kept) {
    // Of a stream, what was requeued is pending still, and free for anybody to claim.
    const { waiting, inFlight } = await backlog(own.redis, topic.default, 'subscribers');
    expect([name, Number(waiting) + inFlight]).toEqual([name, 20]);
  }
  await using next = startService('subscriber', { ...base(), PATTERN: PATTERN.join() });
  await untilDrained(own.redis, kept);
  for (const { name } of kept)
    await until(`all of ${name}`, () => new Set(next.events('received', name).map(({ id }) => id)).size === 20);
  expect(next.events('received').every(({ attempt }) => attempt === 1)).toBe(true);
});
