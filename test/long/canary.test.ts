import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Environment, passedOn, stringsOf } from '../../local/process/environment.ts';
import { ROOT, scriptCommand, serviceCommand } from '../../local/process/node-command.ts';
import { freePort, isTaken, type RedisServer } from '../../local/redis/redis-server.ts';
import { until } from '../../testkit/until.ts';
import { type Start, startItself } from '../local/start/npm-start.ts';
import { argumentsOfAll } from '../support/arguments.ts';
import { startRedis } from '../support/redis.ts';

/** The ends of the secret are letters, which stay what they are however the middle is escaped or encoded. */
const ENDS = ['kanarieVoor', 'kanarieAchter'] as const;
const SECRET = ENDS.join('@:/% #é"\\');
const ENCODED = encodeURIComponent(SECRET);

/** What was written where, or can be read by others. */
type Outputs = Readonly<Record<string, string>>;

let folder: string;
let file: string;
let server: RedisServer & AsyncDisposable;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canary-'));
  file = join(folder, 'password');
  await writeFile(file, SECRET);
  server = await startRedis({ password: SECRET });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The outputs that hold a part of a secret, with the lines in which it is. */
function leaks(outputs: Outputs, parts: readonly string[] = ENDS): string[] {
  return Object.entries(outputs).flatMap(([where, text]) => {
    expect([where, text.length]).not.toEqual([where, 0]);
    const lines = text.split('\n').filter((line) => parts.some((part) => line.includes(part)));
    return lines.map((line) => `${where}: ${line.slice(0, 300)}`);
  });
}

/** The first part of what a page's stream sends. */
async function streamOf(url: URL): Promise<string> {
  const response = await fetch(new URL('/events', url));
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('published')) break;
  }
  return text;
}

/** Lets the demo run in full, with an outage, and gathers what can be seen of it. */
async function demoOutputs(env: Environment, then?: (start: Start) => Promise<unknown>): Promise<Outputs> {
  const page = await freePort();
  let health = await freePort();
  while (await isTaken(health + 1)) health = await freePort(); // the subscriber's
  const all = { PATTERN: 'all', PUBLISH_INTERVAL: 0.1, STATS_INTERVAL: 0.5, LOG_LEVEL: 'debug', LOG_FORMAT: 'json' };
  await using start = startItself({ ...stringsOf(env), ...all, DASHBOARD_PORT: page, HEALTH_PORT: health });
  const url = new URL(/http:\S+/.exec(await start.says('Watch it live: '))?.[0] ?? '');
  const get = async (address: string | URL) => await (await fetch(address)).text();
  await start.says('"event":"received"');
  const outputs = {
    page: await get(url),
    stream: await streamOf(url),
    'metrics of the publisher': await get(`http://127.0.0.1:${health}/metrics`),
    'metrics of the subscriber': await get(`http://127.0.0.1:${health + 1}/metrics`),
    arguments: (await argumentsOfAll()).join('\n'),
  };
  await then?.(start);
  start.process.kill('SIGTERM');
  expect(await start.exited).toBe(0);
  return { ...outputs, log: start.lines.join('\n') };
}

/** Kills the private Redis, and waits until it is back, and everybody with it. */
async function outage(start: Start): Promise<void> {
  const [, pid] = /kill -9 (\d+) \(Redis\)/.exec(await start.says('To see what a crash costs')) ?? [];
  process.kill(Number(pid), 'SIGKILL');
  await start.says('Redis is back');
  await until('both to be back', () => start.count(/"event":"reconnected"/) >= 2);
}

test.each([
  ['REDIS_PASSWORD', () => ({ REDIS_PASSWORD: SECRET }), outage],
  ['REDIS_PASSWORD_FILE', () => ({ REDIS_PASSWORD_FILE: file, REDIS_USERNAME: 'me' }), outage],
  ['REDIS_URL', () => ({ REDIS_URL: `redis://:${ENCODED}@127.0.0.1:${server.port}` }), undefined],
])('npm start shows nowhere what %s says', async (_way, env, then) => {
  expect(leaks(await demoOutputs(env(), then))).toEqual([]);
});

test('npm start shows nowhere the password that it makes', async () => {
  let password = '';
  const outputs = await demoOutputs({}, async (start) => {
    password = await start.redisPassword();
  });
  expect(leaks(outputs, [password])).toEqual([]);
});

test('no error shows a password, be it wrong, or in the wrong place', async () => {
  const out = ['--out', join(folder, 'none')];
  const programs: Record<string, readonly string[]> = {
    publisher: serviceCommand('publisher'),
    'dead-letters': serviceCommand('dead-letters'),
    compare: [...serviceCommand('compare'), '--experiments', 'nobody-listens', ...out],
    example: [...serviceCommand('example'), 'orders-events'],
    start: serviceCommand('start'),
    page: scriptCommand('dashboard/server/main.ts'),
  };
  const fail = async (names: readonly string[], env: Environment, ...more: readonly string[]) => {
    const outputs = await Promise.all(
      names.map(async (name) => {
        const { code, text } = await run([...(programs[name] ?? []), ...more], env);
        expect([name, code]).not.toEqual([name, 0]);
        return [name, text] as const;
      }),
    );
    return Object.fromEntries(outputs);
  };
  const where = { REDIS_HOST: '127.0.0.1', REDIS_PORT: server.port };
  for (const env of [
    { ...where, REDIS_PASSWORD: `${SECRET}!` },
    { ...where, REDIS_PASSWORD: SECRET, REDIS_USERNAME: 'nobody' },
    { REDIS_URL: `redis://nobody:${ENCODED}@127.0.0.1:${server.port}` },
  ]) {
    const outputs = await fail(['publisher', 'dead-letters', 'compare'], env);
    for (const text of Object.values(outputs)) expect(text).toContain('WRONGPASS');
    expect(leaks(outputs)).toEqual([]);
  }
  const misplaced = {
    REDIS_URL: `redis://nobody:${SECRET}@127.0.0.1:${server.port}`,
    REDIS_HOST: `me:${SECRET}@127.0.0.1`,
    REDIS_PASSWORD: `${SECRET}\n`,
    REDIS_PASSWORD_FILE: SECRET,
    REDIS_TLS_KEY: SECRET,
  };
  const outputs = await fail(Object.keys(programs), misplaced);
  for (const name of Object.keys(misplaced))
    for (const text of Object.values(outputs)) expect(text).toContain(`${name}="…"`);
  expect(leaks(outputs)).toEqual([]);
  const inArguments = await fail(['compare'], {}, `--redis=redis://me:${ENCODED}@127.0.0.1`);
  expect(inArguments.compare).toContain('the URL has a password');
  expect(leaks(inArguments)).toEqual([]);
});

test('compare shows nowhere the password of the Redis that it is given', async () => {
  const out = join(folder, 'report');
  const words = ['--experiments', 'nobody-listens', '--patterns', 'queue', '--messages', '100', '--out', out];
  const env = { REDIS_URL: `redis://:${ENCODED}@127.0.0.1:${server.port}/7` };
  const running = run([...serviceCommand('compare'), ...words], env);
  const seen: string[] = [];
  const services = () => seen.some((line) => /(publisher|subscriber)\/dist/.test(line));
  await until('its services', async () => seen.push(...(await argumentsOfAll())) > 0 && services());
  const { code, text } = await running;
  expect([code, text]).toEqual([0, expect.stringContaining('1 kept')]);
  const files = await Promise.all(
    (await readdir(out)).map(async (name) => [name, await readFile(join(out, name), 'utf8')] as const),
  );
  expect(files).toHaveLength(3);
  expect(leaks({ ...Object.fromEntries(files), text, arguments: seen.join('\n') })).toEqual([]);
});

/** Runs a program of this project to its end. */
async function run(command: readonly string[], env: Environment): Promise<{ code: number; text: string }> {
  const all = stringsOf({ ...passedOn(), HOME: process.env.HOME, ...env });
  return await new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: ROOT, env: all, timeout: 200_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, text: `${stdout}${stderr}` });
    });
  });
}
