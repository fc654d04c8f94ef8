import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { serviceCommand } from '../../local/process/node-command.ts';
import { freePort } from '../../local/redis/redis-server.ts';
import { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const kept = patterns.filter(({ guarantees }) => guarantees.keepsUnread);
const [other] = patterns.filter(({ guarantees }) => !guarantees.keepsUnread) as [Pattern];

async function deadLetters(args: readonly string[], port = own.server.port) {
  const command = [...serviceCommand('dead-letters'), ...args];
  const env = { PATH: process.env.PATH, REDIS_HOST: '127.0.0.1', REDIS_PORT: String(port) };
  return await promisify(execFile)(process.execPath, command, { env });
}

describe('npm run dead-letters', () => {
  test.each(kept.map((pattern) => [pattern.name, pattern] as const))(
    '%s: lists them with their reasons, and replays chosen ones byte by byte',
    async (name, pattern) => {
      await using reader = new ServiceProcess('subscriber', {
        REDIS_PORT: own.server.port,
        PATTERN: name,
        FAIL_RATE: 1,
        MAX_ATTEMPTS: 1,
      });
      await reader.event('ready');
      const bad = Buffer.from([0xff, 0x00, 0x1b]);
      await pattern.publish(own.redis, pattern.topic.default, [bad, 'no message\u001b[31m']);
      const good = encode(makeMessage('x', 1));
      const { survivesCrash } = pattern.guarantees; // else a message whose handler failed is lost
      if (survivesCrash) await pattern.publish(own.redis, pattern.topic.default, [good]);
      const count = survivesCrash ? 3 : 2;
      await until(
        'the dead letters',
        async () => (await pattern.backlog(own.redis, pattern.topic.default, 'subscribers')).dead === count,
      );
      await reader.stop();

      const { stdout } = await deadLetters([name]);
      expect(stdout).toContain(`${name}: ${count} dead letters`);
      expect(stdout).toMatch(/ 1 +\S+Z +3 +not valid UTF-8/);
      expect(stdout).toMatch(/ 2 +\S+Z +15 +not JSON: .*no message\\u001b\[31m/);
      if (survivesCrash) expect(stdout).toContain('simulated failure');

      expect((await deadLetters([name, 'replay', '1'])).stdout).toContain(`put 1 of ${count}`);
      expect(await pattern.backlog(own.redis, pattern.topic.default, 'subscribers')).toMatchObject({
        waiting: 1,
        dead: count - 1,
      });
      await deadLetters([name, 'replay', 'all']);
      expect(await pattern.backlog(own.redis, pattern.topic.default, 'subscribers')).toMatchObject({
        waiting: count,
        dead: 0,
      });
    },
  );

  test('a wrong command, and a Redis that is unreachable, are one clear error', async () => {
    const [{ name }] = kept as [Pattern];
    for (const args of [[other.name], [name, 'burn'], [name, 'replay'], [name, 'replay', '0']]) {
      await expect(deadLetters(args)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('usage: npm run dead-letters'),
      });
    }
    await expect(deadLetters([], await freePort())).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is unreachable'),
    });
  });
});
