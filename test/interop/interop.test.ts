import { beforeAll, describe, expect, test } from '@jest/globals';
import { decode } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
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

  test.each(NAMES)('what it publishes by %s is received by our subscriber', async (name) => {
    const { port } = redis.server;
    await using subscriber = new ServiceProcess('subscriber', { REDIS_PORT: port, PATTERN: name });
    await subscriber.event('ready');
    await using theirs = client.send(port, name, topicOf(name), TEXT);
    expect(await theirs.ended).toBe(0);
    expect(await subscriber.event('received')).toMatchObject({ pattern: name, sender, count: 1 });
    expect(await subscriber.stop()).toBe(0);
    expect(subscriber.text.join() + JSON.stringify(subscriber.events('received'))).toContain(
      JSON.stringify(TEXT).slice(1, -1),
    );
    expect(subscriber.final(name)).toMatchObject({ received: 1, invalid: 0 });
    await redis.redis.flushAll();
  });

  test.each(NAMES)('what our publisher sends by %s it receives, the bytes as they were sent', async (name) => {
    const { port } = redis.server;
    await using theirs = client.receive(port, name, topicOf(name));
    await until('it to wait', async () =>
      /flags=P|cmd=(blpop|xread) /.test(await redis.redis.sendCommand(['CLIENT', 'LIST'])),
    );
    await using publisher = new ServiceProcess('publisher', { REDIS_PORT: port, PATTERN: name, MESSAGE_COUNT: 1 });
    const payload = await until('the payload', () => theirs.lines.find((line) => line.startsWith('{')));
    const decoded = decode(Buffer.from(payload));
    expect(await publisher.exited).toBe(0);
    const { id } = await publisher.event('published');
    expect(decoded).toMatchObject({ ok: true, message: { id, sender: 'typescript-publisher', count: 1 } });
    await redis.redis.flushAll();
  });
});
