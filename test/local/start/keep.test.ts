import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { findServer } from '../../../local/redis/find-server.ts';
import { MOST_QUICK_DEATHS, QuickDeaths } from '../../../local/start/keep/quick-deaths.ts';
import { until } from '../../../testkit/until.ts';
import { type Start, startItself } from './npm-start.ts';
import { takenPort } from './taken-port.ts';

/** The numbers of the messages of a pattern in the services' JSON log. */
function messagesIn(start: Start, event: 'published' | 'received', pattern: string): ReadonlySet<number> {
  const logged = start.lines.filter((line) => line.includes(`"event":"${event}"`)).map((line) => line.split(' | ')[1]);
  const lines = logged.map((line) => JSON.parse(line as string));
  return new Set(lines.filter((line) => line.pattern === pattern).map((line) => line.count));
}

/** Kills the last instance of the subscriber or of Redis, which the log names. */
function kill(start: Start, which: 'subscriber' | 'Redis'): void {
  const named = RegExp(`^start .*(?:kill -9 (\\d+) \\(${which}\\)|${which} .*\\(process (\\d+)\\))`);
  const pids = start.lines.flatMap((line) => named.exec(line)?.slice(1).filter(Boolean) ?? []);
  process.kill(Number(pids.at(-1)), 'SIGKILL');
}

/** Does what the log says how to do. */
async function publishByHand(start: Start): Promise<void> {
  const program = await findServer(console.error);
  const begin = start.lines.findIndex((line) => line.includes('MESSAGE='));
  const lines = start.lines.slice(begin, begin + 3).map((line) => line.slice(line.indexOf('|') + 1));
  const PATH = `${process.env.PATH}:${dirname(program.path)}`; // redis-cli comes with the server
  await promisify(execFile)('sh', ['-ec', lines.join('\n')], { env: { ...process.env, ...program.env, PATH } });
}

/** Kills a part of the demo again and again, each time when it is back. On a slow machine the first death may not be a quick one. */
async function killUntilItIsOver(start: Start, name: 'Redis' | 'subscriber', isBack: RegExp): Promise<void> {
  const isOver = () => start.count(/times in a row within seconds/) > 0;
  for (let deaths = 1; deaths <= MOST_QUICK_DEATHS + 2 && !isOver(); deaths++) {
    kill(start, name);
    await until('it to be back, or the end', () => start.count(isBack) === deaths || isOver());
  }
}

describe('npm start', () => {
  test('starts a killed subscriber and a killed Redis again; what is kept is not lost, and the account goes on', async () => {
    const env = { PUBLISH_INTERVAL: 0.05, PATTERN: 'pubsub,stream', LOG_FORMAT: 'json', RECLAIM_AFTER: 1 };
    await using start = startItself(env);
    const arrived = (count: number) => () => messagesIn(start, 'received', 'stream').has(count);
    const last = () => Math.max(...messagesIn(start, 'published', 'stream'));
    await until('messages', arrived(3), 30_000);

    await publishByHand(start);
    for (const pattern of ['pubsub', 'stream'])
      await until(
        `the message by hand`,
        () => start.count(RegExp(`"sender":"me".*"pattern":"${pattern}"|"pattern":"${pattern}".*"sender":"me"`)) === 1,
      );

    kill(start, 'subscriber');
    await start.says('subscriber ended with SIGKILL; starting it again as ');
    expect(await start.says('subscriber is back after')).toContain('messages of pubsub had no subscriber meanwhile');
    expect(await start.says('"event":"restored"')).toContain('Resumed stats');
    await until('further messages', arrived(last() + 1));

    const port = await start.redisPort();
    await using redis = await start.connect();
    await redis.client.set('confirmed', 'yes');
    kill(start, 'Redis');
    await start.says('Redis ended; starting it again');
    expect(await start.says('Redis is back')).toMatch(RegExp(` on port ${port} .* from its append-only file \\(`));
    await redis.untilReady(new AbortController().signal);
    expect(await redis.client.get('confirmed')).toBe('yes');
    await until('further messages', arrived(last() + 1));

    start.process.kill('SIGTERM');
    expect(await start.exited).toBe(0);
    const received = messagesIn(start, 'received', 'stream');
    expect([...messagesIn(start, 'published', 'stream')].filter((count) => !received.has(count))).toEqual([]);
    expect(messagesIn(start, 'received', 'pubsub').size).toBeLessThan(messagesIn(start, 'published', 'pubsub').size);
    await start.says('What was made, and what became of it');
  });

  test('gives up with one error when Redis ends again and again', async () => {
    await using start = startItself();
    await start.says('To see what a crash costs');
    await killUntilItIsOver(start, 'Redis', /^start .* Redis is back/);
    await start.says(`Redis ended, ${MOST_QUICK_DEATHS} times in a row within seconds; stopping the rest`);
    expect(await start.exited).toBe(1);
  });

  test('gives up with one error when the subscriber ends again and again', async () => {
    await using start = startItself();
    await start.says('To see what a crash costs');
    // Before it is ready again, all but once.
    await killUntilItIsOver(start, 'subscriber', /subscriber ended with SIGKILL; starting it again/);
    await start.says(`subscriber ended with SIGKILL, ${MOST_QUICK_DEATHS} times in a row within seconds; stopping`);
    expect(await start.exited).toBe(1);
  });

  test('does not start a subscriber again that cannot start', async () => {
    using taken = await takenPort(-1);
    const { port } = taken;
    await using start = startItself({ HEALTH_PORT: port - 1 }); // the subscriber has the next one
    expect(await start.exited).toBe(1);
    await start.says(`HEALTH_PORT ${port}: the port is taken`);
    await start.says('subscriber ended with exit code 1; stopping the rest');
    expect(start.count(/ended; starting|Starting publisher/)).toBe(0);
  });

  test('deaths are too many only if each comes soon after the last', () => {
    const deaths = new QuickDeaths();
    const lived = [0, 0, 0, 0, 60_000, 0, 0, 0, 0, 0];
    expect(lived.map((ms) => deaths.areTooMany(ms))).toEqual([...lived.slice(1).map(() => false), true]);
  });
});
