import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { examples } from '../../examples/index.ts';
import { stringsOf } from '../../local/process/environment.ts';
import { serviceCommand } from '../../local/process/node-command.ts';
import { until } from '../../testkit/until.ts';
import { useRedis } from '../support/use-redis.ts';

const ROOT = new URL('../..', import.meta.url);
const run = promisify(execFile);
const all = Object.entries(examples);
/** Behind how many lines each example is stopped, one after the other. */
const STOPS_AFTER = (process.env.STOPS_AFTER ?? '5').split(',').map(Number);

/** The output of an example for a user without a Redis. */
async function outputOf(...args: string[]): Promise<string> {
  const env = { ...process.env, REDIS_URL: '', REDIS_HOST: '', REDIS_PORT: '' };
  const { stdout } = await run(process.execPath, [...serviceCommand('example'), ...args], { cwd: ROOT, env });
  return stdout;
}

const captured = (name: string) => readFileSync(new URL(`examples/${name}/output.txt`, ROOT), 'utf8');

describe('npm run example', () => {
  test('lists the examples with a line each', async () => {
    const lines = (await outputOf()).trimEnd().split('\n');
    expect(lines).toHaveLength(all.length);
    for (const [name, { about }] of all)
      expect(lines.some((line) => line.trim().startsWith(name) && line.endsWith(about))).toBe(true);
  });

  test.each(['nonsense', 'constructor'])('%s is not an example: an error that lists them', async (name) => {
    await expect(outputOf(name)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(`"${name}"`) });
  });

  test('starts a private Redis, if none is named', async () => {
    expect(await outputOf('orders-events')).toBe(captured('orders-events'));
  });
});

/** An example on the Redis of the tests. */
class Play implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly exited: Promise<number | null>;

  constructor(port: number, ...args: string[]) {
    this.process = spawn(process.execPath, [...serviceCommand('example'), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...stringsOf({ REDIS_URL: '', REDIS_HOST: '127.0.0.1', REDIS_PORT: port }) },
    });
    for (const [stream, lines] of [
      [this.process.stdout, this.lines],
      [this.process.stderr, this.errors],
    ] as const)
      if (stream) createInterface({ input: stream }).on('line', (line) => lines.push(line));
    this.exited = once(this.process, 'close').then(([code]) => code);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  async says(text: string): Promise<void> {
    await until(`"${text}"`, () => this.lines.some((line) => line.includes(text)));
  }
}

describe("an example on the user's Redis", () => {
  const own = useRedis();
  const keys = async () => (await own.redis.keys('*')).sort();
  const play = (...args: string[]) => new Play(own.server.port, ...args);

  test.each(all)(
    '%s prints what its captured output shows, and leaves no key behind',
    async (name, { demoArgs = [] }) => {
      await using running = play(name, ...demoArgs);
      expect(await running.exited).toBe(0);
      expect(`${running.lines.join('\n')}\n`).toBe(captured(name));
      expect(await keys()).toEqual([]);
    },
  );

  test.each(all.flatMap(([name, { demoArgs = [] }]) => STOPS_AFTER.map((after) => [name, after, demoArgs] as const)))(
    '%s ends at Ctrl-C after %d lines, and leaves no key behind',
    async (name, after, demoArgs) => {
      await using running = play(name, ...demoArgs);
      await until(`${after} lines`, () => running.lines.length >= after);
      running.process.kill('SIGINT');
      expect([0, 130]).toContain(await running.exited); // 0 if it was at its end already
      expect(running.errors.filter((line) => !line.startsWith('Redis: '))).toEqual([]);
      expect(await keys()).toEqual([]);
    },
  );

  test.each([
    ['task-queue', 'task_queue'],
    ['orders-stream', 'orders'],
    ['notifications', 'user:3:inbox'],
    ['cache-invalidation', 'cache:product:1:version'],
    ['leaderboard', 'leaderboard'],
    ['fan-out', 'claim:report'],
  ])('%s does not touch an existing key %s', async (name, key) => {
    await own.redis.set(key, 'mine');
    await using running = play(name);
    expect(await running.exited).toBe(1);
    expect(running.errors.join('\n')).toContain(`a key "${key}" already`);
    expect(await keys()).toEqual([key]);
    expect(await own.redis.getDel(key)).toBe('mine');
  });

  test.each(['order_events', 'leaderboard:updates', 'cache:invalidate'])(
    'untrusted messages on %s neither end an example nor reach the terminal unsanitized',
    async (channel) => {
      const hostile = [
        'no JSON',
        'null',
        '{"number":"\u001b[2J"}',
        '{"player":"\u001b[2J","score":1,"rank":1,"delta":1}',
      ];
      const timer = setInterval(() => {
        for (const text of hostile) void own.redis.publish(channel, text);
      }, 5);
      try {
        const name =
          { order_events: 'orders-events', 'cache:invalidate': 'cache-invalidation' }[channel] ?? 'leaderboard';
        await using running = play(name);
        expect(await running.exited).toBe(0);
        expect(running.lines.filter((line) => line.includes('\u001b'))).toEqual([]);
        expect(running.lines.length).toBeGreaterThan(5);
      } finally {
        clearInterval(timer);
      }
    },
  );

  test('without a Redis it says so, and ends at Ctrl-C', async () => {
    await using running = new Play(1, 'orders-events');
    await until('a word', () => running.errors.some((line) => line.includes('no connection')));
    running.process.kill('SIGINT');
    expect(await running.exited).toBe(130);
  });
});

describe('the chat, in several terminals', () => {
  const own = useRedis();

  test('whoever joins, speaks or leaves is seen by the others', async () => {
    await using ann = new Play(own.server.port, 'chat', 'lobby', 'ann');
    await ann.says('ann joins');
    await using ben = new Play(own.server.port, 'chat', 'lobby', 'ben');
    await ann.says('ben joins');
    ben.process.stdin?.write('hello ann\n\u001b[2J\n');
    await ann.says('<ben> hello ann');
    await ann.says('<ben> \\u001b[2J');
    ben.process.kill('SIGTERM');
    expect(await ben.exited).toBe(130);
    await ann.says('ben has left');
    ann.process.stdin?.end();
    expect(await ann.exited).toBe(0);
  });

  test('piped input is sent, and then it leaves', async () => {
    await using ann = new Play(own.server.port, 'chat', 'lobby', 'ann');
    await ann.says('ann joins');
    await using script = new Play(own.server.port, 'chat', 'lobby', 'script');
    script.process.stdin?.end('one\ntwo\n/quit\nthree\n');
    expect(await script.exited).toBe(0);
    await ann.says('script has left');
    expect(ann.lines.filter((line) => line.includes('<script>')).map((line) => line.split('> ')[1])).toEqual([
      'one',
      'two',
    ]);
    ann.process.stdin?.end('/quit\n');
    expect(await ann.exited).toBe(0);
  });

  test("in a terminal one's own lines stand there once, and the end is clean", async () => {
    await using ben = new Play(own.server.port, 'chat', 'lobby', 'ben');
    await ben.says('ben joins');
    const command = [process.execPath, ...serviceCommand('example'), 'chat', 'lobby', 'ann'];
    const env = { PATH: process.env.PATH, TERM: 'xterm', REDIS_HOST: '127.0.0.1', REDIS_PORT: String(own.server.port) };
    const terminal = spawn('script', ['-qec', command.join(' '), '/dev/null'], { cwd: ROOT, env });
    let screen = '';
    terminal.stdout.on('data', (data) => {
      screen += data;
    });
    await until('the prompt', () => screen.includes('ann joins'));
    terminal.stdin.write('good morning\n');
    await ben.says('<ann> good morning');
    terminal.stdin.write('\u0004'); // Ctrl-D
    expect(await once(terminal, 'close')).toEqual([0, null]);
    expect(screen.split('good morning')).toHaveLength(2);
    expect(screen.slice(screen.lastIndexOf('\r\u001b[K'))).toMatch(/chat +\| you have left lobby\r\n$/);
  });
});
