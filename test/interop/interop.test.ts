import { beforeAll, describe, expect, test } from '@jest/globals';
import { decode } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { until } from '../../testkit/until.ts';
import { readyService, startService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';
import { type OtherClient, type PatternName, python, redisCli } from './other-clients.ts';

const NAMES: readonly PatternName[] = ['pubsub', 'queue', 'stream'];
const TEXT = 'Grüße, "quoted" \\ and 日本語 🚀';
const FETCHING_MS = 120_000;

const topicOf = (name: PatternName) => patterns.find((pattern) => pattern.name === name)?.topic.default as string;

describe.each([
  ['redis-cli', redisCli],
  ['python', python],
] as const)('%s', (sender, find) => {
  const redis = useRedis();
  let client: OtherClient;
  beforeAll(async () => {
    client = await find();
  }, FETCHING_MS);

  test(`what it publishes by ${NAMES.join(', ')} is received by our subscriber`, async () => {
    const { port } = redis.server;
    const subscriber = await readyService('subscriber', { REDIS_PORT: port, PATTERN: NAMES.join() });
    for (const name of NAMES) {
      await using theirs = client.send(port, name, topicOf(name), TEXT);
      expect(await theirs.ended).toBe(0);
      const received = await subscriber.event('received', (line) => line.pattern === name);
      expect(received).toMatchObject({ sender, count: 1 });
      expect(received.msg).toContain(TEXT);
    }
    expect(await subscriber.stop()).toBe(0);
    for (const name of NAMES) expect(subscriber.final(name)).toMatchObject({ received: 1, invalid: 0 });
    await redis.redis.flushAll();
  });

  test(`what our publisher sends by ${NAMES.join(', ')} it receives, the bytes as they were sent`, async () => {
    const { port } = redis.server;
    const theirs = NAMES.map((name) => client.receive(port, name, topicOf(name)));
    await using _ = { [Symbol.asyncDispose]: async () => void (await Promise.all(theirs.map((each) => each.end()))) };
    await until('all three to wait', async () => {
      const clients = await redis.redis.sendCommand<string>(['CLIENT', 'LIST']);
      return [/flags=P/, /cmd=blpop /, /cmd=xread /].every((state) => state.test(clients));
    });
    const publisher = startService('publisher', { REDIS_PORT: port, PATTERN: NAMES.join(), MESSAGE_COUNT: 1 });
    expect(await publisher.exited).toBe(0);
    const { id } = await publisher.event('published');
    for (const their of theirs) {
      const payload = await until('the payload', () => their.lines.find((line) => line.startsWith('{')));
      const decoded = decode(Buffer.from(payload));
      expect(decoded).toMatchObject({ ok: true, message: { id, sender: 'typescript-publisher', count: 1 } });
    }
    await redis.redis.flushAll();
  });
});
