import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { launch } from '../../local/process/launch.ts';
import { builtCommand, ROOT } from '../../local/process/node-command.ts';
import { foreign } from '../support/foreign.ts';
import { readyService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const run = promisify(execFile);

/** What acts on a terminal, or looks like a line of its own. */
const HOSTILE = '\u001b[31m\u009b2J\u202etxt\n00:00:00.000 forged line';
const SHOWN = '\\u001b[31m\\u009b2J\\u202etxt\\u000a00:00:00.000 forged line';

test('the channel by which a message came stands sanitized, and cut, in the fields and the text of its line', async () => {
  await using reader = await readyService('subscriber', {
    REDIS_PORT: own.server.port,
    PATTERN: 'pubsub',
    CHANNEL: 'news:*',
  });
  await own.redis.publish(`news:${HOSTILE}`, foreign(1));
  await own.redis.publish(`news:${'x'.repeat(100_000)}`, foreign(2));
  const line = await reader.event('received', ({ count }) => count === 1);
  const long = await reader.event('received', ({ count }) => count === 2);
  expect(line.channel).toBe(`news:${SHOWN}`);
  expect(line.msg).toContain(`[pubsub news:${SHOWN} #1`);
  expect(long.channel).toBe(`news:${'x'.repeat(55)}… (100,005 characters)`);
});

test.each(['json', 'pretty'] as const)(
  'a topic with such a name stays on its line of the publisher (%s)',
  async (format) => {
    const printed: string[] = [];
    const publisher = launch({
      command: builtCommand('publisher'),
      env: {
        REDIS_HOST: '127.0.0.1',
        REDIS_PORT: own.server.port,
        PATTERN: 'pubsub,queue',
        CHANNEL: HOSTILE,
        QUEUE: HOSTILE,
        MESSAGE_COUNT: 1,
        LOG_FORMAT: format,
      },
      onLine: (line) => printed.push(format === 'json' ? JSON.parse(line).msg : line),
    });
    expect(await publisher.exited).toBe(0);
    const text = printed.join('\n');
    for (const name of ['channel', 'queue']) expect(text).toContain(`${name} '${SHOWN}'`);
    expect(text).not.toMatch(/^00:00:00/m);
  },
);

test.each(['json', 'pretty'] as const)('a log lets nothing through that acts on a terminal (%s)', async (format) => {
  const said = `{ reason: ${JSON.stringify(HOSTILE)} }, ${JSON.stringify(`Stats\n  table ${HOSTILE}`)}`;
  const program = `import { createLogger } from '@redis-messaging/shared/service/logger';
createLogger({ service: 'test', level: 'info', format: '${format}' }).child({ pattern: 'queue' }).info(${said});`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT });
  for (const character of ['\u001b', '\u009b', '\u202e']) expect(stdout).not.toContain(character);
  if (format === 'pretty') expect(stdout).toContain(`Stats\n  table ${SHOWN.replace('\\u000a', '\n')}`);
  else
    expect(JSON.parse(stdout)).toMatchObject({
      reason: SHOWN,
      msg: `Stats\n  table ${SHOWN.replace('\\u000a', '\n')}`,
    });
});
