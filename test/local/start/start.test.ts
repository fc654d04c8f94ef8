import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { choosePatterns, patternWords } from '@redis-messaging/shared/patterns/index';
import { serviceCommand } from '../../../local/process/node-command.ts';
import { freePort } from '../../../local/redis/redis-server.ts';
import { connectTo, startRedis } from '../../support/redis.ts';
import { refusesConnections, Start } from './npm-start.ts';
import { takenPort } from './taken-port.ts';

describe('npm start', () => {
  test('runs the demo to its end with a private Redis, and leaves nothing behind', async () => {
    await using start = new Start({ MESSAGE_COUNT: 5, PUBLISH_INTERVAL: 0.2, REDIS_PASWORD: 'hunter2' });
    const port = await start.redisPort();
    expect(await start.exited).toBe(0);
    expect(
      start.count(/^publisher {3}\| .* Published to channel 'messages' \(1 subscriber\): Hello from TypeScript #\d$/),
    ).toBe(5);
    expect(
      start.count(/^publisher {3}\| .* Pushed to queue 'message_queue' \(length \d\): Hello from TypeScript #\d$/),
    ).toBe(5);
    expect(start.count(/^subscriber {2}\| .* \[pubsub #\d, /)).toBe(5);
    expect(start.count(/^subscriber {2}\| .* \[queue #\d, /)).toBe(5);
    for (const { name } of choosePatterns('both') ?? [])
      expect(start.count(RegExp(`^start .* ${name} +5 +5 +5 `))).toBe(1);
    expect(start.count(/\| {3}pattern /)).toBe(1); // no table is shown twice
    expect(await refusesConnections(port)).toBe(true);
    await start.says('REDIS_PASWORD is not a variable of ours; did you mean REDIS_PASSWORD?');
    expect(start.count(/hunter2/)).toBe(0);
  });

  test('uses the Redis that REDIS_HOST names, and prints that', async () => {
    const redis = await startRedis();
    await using start = new Start({
      MESSAGE_COUNT: 2,
      PUBLISH_INTERVAL: 0.1,
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: redis.port,
      PATTERN: 'queue',
    });
    await start.says(`Redis: the one at 127.0.0.1:${redis.port}, from REDIS_HOST`);
    expect(await start.exited).toBe(0);
    await redis.stop();
  });

  test('takes REDIS_PORT and REDIS_PASSWORD for its private Redis; a taken port is no obstacle', async () => {
    const port = await freePort();
    await using start = new Start({ MESSAGE_COUNT: 1, REDIS_PORT: port, REDIS_PASSWORD: 'a "b" c' });
    expect(await start.redisPort()).toBe(port);
    expect(await start.exited).toBe(0);
    const other = createServer().listen(port, '127.0.0.1');
    await using second = new Start({ MESSAGE_COUNT: 1, REDIS_PORT: port });
    await second.says(`Port ${port} is taken`);
    expect(await second.redisPort()).not.toBe(port);
    expect(await second.exited).toBe(0);
    other.close();
  });

  test('when a service fails, the rest is stopped, and the exit code is 1', async () => {
    using taken = await takenPort(1);
    const { port } = taken;
    await using start = new Start({ HEALTH_PORT: port }); // the publisher's; the subscriber has the next one
    expect(await start.exited).toBe(1);
    await start.says(`HEALTH_PORT ${port}: the port is taken`);
    await start.says('publisher ended with exit code 1; stopping the rest');
  });

  test('with a Redis that is not empty, it drains the backlog before it ends', async () => {
    const server = await startRedis();
    await using redis = await connectTo(server.port);
    const others = Array.from({ length: 300 }, (_, index) => encode(makeMessage('another', index + 1)));
    await redis.client.rPush('message_queue', others);
    await using start = new Start({
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: server.port,
      MESSAGE_COUNT: 2,
      PUBLISH_INTERVAL: 0,
      WORK_TIME: 0.01,
    });
    expect(await start.exited).toBe(0);
    expect(await redis.client.lLen('message_queue')).toBe(0);
    expect(start.count(/^start .* queue +2 +302 +302 /)).toBe(1);
    await server.stop();
  });

  test('a Redis that cannot start is an error with its log; another Redis on the port is not mistaken for ours', async () => {
    await expect(startRedis({ settings: ['no-such-setting 1'] })).rejects.toThrow(/it ended at once/);
    const other = await startRedis();
    await expect(startRedis({ port: other.port })).rejects.toThrow(/did not start/);
    await other.stop();
  });

  test('a wrong configuration is one clear error', async () => {
    await using start = new Start({ PATTERN: 'smoke', STATS_INTERVAL: 'now' });
    expect(await start.exited).toBe(1);
    await start.says(`PATTERN="smoke": expected one of ${patternWords.join(', ')}`);
    await start.says('STATS_INTERVAL="now": expected seconds');
    expect(start.count(/expected/)).toBe(2);
  });

  test.each([
    ['--help', 0, 'npm start: a subscriber and a publisher'],
    ['--port', 2, 'npm start takes no argument "--port"'],
  ])('%s ends at once', async (argument, code, text) => {
    await using start = new Start({}, process.execPath, [...serviceCommand('start'), argument]);
    expect(await start.exited).toBe(code);
    await start.says(text);
    expect(start.count(/\|/)).toBe(0); // nothing was started
  });
});
