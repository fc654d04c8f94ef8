import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../../../local/process/node-command.ts';
import { until } from '../../../testkit/until.ts';
import { refusesConnections, Start, startItself } from './npm-start.ts';

describe('npm start leaves nothing behind', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('after %s, which stops everything in order', async (signal) => {
    await using start = startItself({ PUBLISH_INTERVAL: 0.05 });
    const port = await start.redisPort();
    await start.says('[pubsub #3,');
    start.process.kill(signal);
    expect(await start.exited).toBe(0);
    await start.says('What was made, and what became of it');
    await start.says('what that costs: docs/benchmarks.md#side-by-side');
    expect(await refusesConnections(port)).toBe(true);
  });

  test('when it is killed', async () => {
    await using start = startItself({ PUBLISH_INTERVAL: 0.05 });
    const port = await start.redisPort();
    await start.says('[pubsub #3,');
    start.process.kill('SIGKILL');
    await start.exited; // closes when the last process that writes has ended
    await until('Redis to end', () => refusesConnections(port));
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('when npm ends by %s, in order', async (signal) => {
    await using start = new Start({ PUBLISH_INTERVAL: 0.05 });
    const port = await start.redisPort();
    await start.says('[pubsub #3,');
    start.process.kill(signal);
    await start.exited;
    await start.says('Stopping (');
    await start.says('What was made, and what became of it');
    expect(await refusesConnections(port)).toBe(true);
  });

  test.each([
    'npm start | head -n 5', // before it has begun: npm says 8 lines itself
    'set -o pipefail; npm start | head -n 12',
  ])('when nobody reads its output any more, quietly: %s', async (command) => {
    const pipe = spawn('bash', ['-c', command], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, PUBLISH_INTERVAL: '0.05' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = text(pipe.stdout);
    const errors = text(pipe.stderr);
    const [code] = await once(pipe, 'close'); // when the last process that writes errors has ended, Redis among them
    expect([code, await errors]).toEqual([0, '']);
    expect((await output).split('\n')).toHaveLength(Number(/\d+$/.exec(command)) + 1);
  });
});
