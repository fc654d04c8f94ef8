import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { deadLetter } from '@redis-messaging/shared/delivery/dead-letters';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { ROOT, serviceCommand } from '../../local/process/node-command.ts';
import { freePort } from '../../local/redis/redis-server.ts';
import { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many dead letters are listed, in ten thousands: LETTERS=1000000 npm test -- dead-letters */
const LETTERS = Number(process.env.LETTERS ?? 20_000);
/** What takes long is tried with each pattern then. */
const MANY = LETTERS > 20_000;
const SAID = LETTERS.toLocaleString('en');

const own = useRedis();
const kept = patterns.filter(({ guarantees }) => guarantees.keepsUnread);
const [other] = patterns.filter(({ guarantees }) => !guarantees.keepsUnread) as [Pattern];

beforeEach(async () => {
  await own.redis.flushAll();
});

/** Runs the command. Rejects if its exit code is not 0. */
async function deadLetters(args: readonly string[], env: Readonly<Record<string, string | number>> = {}) {
  const command = [...serviceCommand('dead-letters'), ...args];
  const all = { PATH: process.env.PATH, REDIS_HOST: '127.0.0.1', REDIS_PORT: own.server.port, ...env };
  const options = { env: all as unknown as NodeJS.ProcessEnv, cwd: ROOT, maxBuffer: 1e9 };
  return await promisify(execFile)(process.execPath, command, options);
}

/** How many wait, and how many are dead. */
async function held({ backlog, topic }: Pattern) {
  const { waiting, dead } = await backlog(own.redis, topic.default, 'subscribers');
  return [waiting, dead];
}

const isStream = ({ name }: Pattern) => name === 'stream';

/** Adds something to the dead letters of a pattern. */
async function add(pattern: Pattern, letter: { payload?: string | Buffer; reason?: string; at?: string }) {
  const key = deadLettersOf(pattern.topic.default);
  if (isStream(pattern)) return await own.redis.xAdd(key, '*', { id: '1-0', ...letter });
  const payload = letter.payload && Buffer.from(letter.payload).toString('base64');
  return await own.redis.rPush(key, JSON.stringify({ ...letter, ...(payload && { payload }) }));
}

/** Adds many, of about 1 KB each. */
async function addMany(pattern: Pattern, count: number) {
  const payload = 'x'.repeat(400);
  const [command, ...letter] = isStream(pattern)
    ? ['XADD', '*', 'payload', payload.repeat(2), 'reason', 'many', 'at', '2026-07-29T10:30:15.123Z']
    : ['RPUSH', deadLetter(Buffer.from(payload), 'many').replace(/}$/, `,"more":"${payload}"}`)];
  const script = 'for i = 1, ARGV[1] do redis.call(ARGV[2], KEYS[1], unpack(ARGV, 3)) end';
  for (let added = 0; added < count; added += 10_000)
    await own.redis.eval(script, {
      keys: [deadLettersOf(pattern.topic.default)],
      arguments: ['10000', command as string, ...letter],
    });
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

  test.each(kept.map((pattern) => [pattern.name, pattern] as const))(
    `%s: lists ${SAID} of them in bounded memory, page by page, and as few of them as it is told`,
    async (name, pattern) => {
      await addMany(pattern, LETTERS);
      const { stdout, stderr } = await deadLetters([name], { NODE_OPTIONS: '--import ./test/support/peak-memory.mjs' });
      const lines = stdout.trimEnd().split('\n');
      expect(lines[0]).toBe(`${name}: ${SAID} dead letters`);
      const numbers = lines.slice(1).flatMap((line) => /^ +(\d+) .* many /.exec(line)?.[1] ?? []);
      expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([LETTERS, '1', `${LETTERS}`]);
      expect(Number(/^peak memory: (\d+) MB$/m.exec(stderr)?.[1])).toBeLessThan(300); // of 150 MB of letters and more

      const some = await deadLetters([name, '--limit', '3']);
      expect(some.stdout).toContain(`${name}: ${SAID} dead letters, of which the oldest 3\n`);
      expect(some.stdout.match(/ many /g)).toHaveLength(3);
    },
    600_000,
  );

  test.each(kept.map((pattern) => [pattern.name, pattern] as const))(
    '%s: shows what others put among them, harmless, and leaves it there; warns of what is still invalid',
    async (name, pattern) => {
      const key = deadLettersOf(pattern.topic.default);
      const letter = { reason: 'why\u001b[2J', at: '\u001b]0;title\u0007' };
      await add(pattern, { ...letter, payload: encode(makeMessage('x', 1)) });
      await add(pattern, { ...letter });
      await add(pattern, { ...letter, payload: 'bad\u001b' });
      await add(pattern, { at: letter.at, payload: 'y' });
      const foreign = isStream(pattern) ? [] : ['no JSON\u001b[31m', '[]', '7', '{"reason":"","at":"","payload":"?"}'];
      if (foreign.length > 0) await own.redis.rPush(key, [...foreign, Buffer.from([0xff, 0x00])] as string[]);
      const bad = 2 + (foreign.length > 0 ? foreign.length + 1 : 0);

      const { stdout } = await deadLetters([name]);
      expect(stdout).toContain(`${name}: ${bad + 2} dead letters`);
      expect(stdout).toMatch(/^ +1 +\\u001b]0;title\\u0007 +\d+ +why\\u001b\[2J +{/m);
      expect(stdout).toMatch(/^ +2 +- +\d+ +not a dead letter: field "payload" is missing/m);
      expect(stdout).toMatch(/^ +4 +- +\d+ +not a dead letter: field "reason" is missing/m);
      if (foreign.length > 0)
        expect(stdout).toMatch(/^ +5 +- +12 +not a dead letter: .*not valid JSON +no JSON\\u001b\[31m$/m);
      expect(stdout).not.toContain('\u001b');

      await expect(deadLetters([name, 'replay', '2', '99'])).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining(`put 0 of ${bad + 2}`),
        stderr: expect.stringMatching(
          /left in place.* #2 \(field "payload" is missing\)\n.*there is no dead letter #99\n/,
        ),
      });
      expect(await held(pattern)).toEqual([0, bad + 2]);

      const replayed = await deadLetters([name, 'replay', 'all']);
      expect(replayed.stdout).toContain(`put 2 of ${bad + 2}`);
      expect(replayed.stderr).toMatch(/still invalid.*: #3 \(not JSON: .*\)\n/);
      expect(replayed.stderr).toContain('left in place');
      expect(replayed.stderr).not.toContain('\u001b');
      expect(await held(pattern)).toEqual([2, bad]);
      const again = await deadLetters([name, 'replay', 'all']);
      expect(again.stdout).toContain(`put 0 of ${bad}`);
      expect(await held(pattern)).toEqual([2, bad]);
      for (const element of foreign) expect(await own.redis.lPos(key, element)).not.toBeNull();
    },
  );

  test.each(kept.map((pattern) => [pattern.name, pattern] as const))(
    '%s: replays 3,000 by pages, in order; what Redis refuses costs none',
    async (name, pattern) => {
      const topic = pattern.topic.default;
      for (let count = 1; count <= 3000; count++) await add(pattern, { payload: `${count}`, reason: 'r', at: 'a' });
      await own.redis.set(topic, 'neither a list nor a stream');
      await expect(deadLetters([name, 'replay', 'all'])).rejects.toMatchObject({
        stdout: expect.stringContaining('put 0 of 3,000'),
        stderr: expect.stringMatching(
          /could not put #1 to #1000 back \(.*WRONGTYPE.*\); they stay among the dead letters/,
        ),
      });
      await own.redis.del(topic);
      expect(await held(pattern)).toEqual([0, 3000]);

      await own.redis.sendCommand([
        'ACL',
        'SETUSER',
        'limited',
        'on',
        '>secret',
        '~*',
        '&*',
        '+@all',
        '-lrem',
        '-xdel',
      ]);
      const limited = { REDIS_USERNAME: 'limited', REDIS_PASSWORD: 'secret' };
      await expect(deadLetters([name, 'replay', '2'], limited)).rejects.toMatchObject({
        stderr: expect.stringMatching(/could not remove #2 to #2 .*NOPERM.*; they were put back, so some are in both/),
      });
      expect(await held(pattern)).toEqual([1, 3000]);
      await own.redis.del(topic);

      expect((await deadLetters([name, 'replay', 'all'])).stdout).toContain('put 3,000 of 3,000');
      expect(await held(pattern)).toEqual([3000, 0]);
      const payloads = isStream(pattern)
        ? ((await own.redis.xRange(topic, '-', '+')) ?? []).map(({ message }) => message.payload)
        : await own.redis.lRange(topic, 0, -1);
      expect(payloads).toEqual(Array.from({ length: 3000 }, (_, index) => `${index + 1}`));
    },
  );

  test.each(kept.slice(0, MANY ? undefined : 1).map((pattern) => [pattern.name, pattern] as const))(
    '%s: lists large ones in bounded memory, and of one that is too large only its size',
    async (name, pattern) => {
      const script = isStream(pattern)
        ? `redis.call('XADD', KEYS[1], '*', 'reason', 'r', 'at', 'a', 'payload', string.rep('QUJD', ARGV[1]))`
        : `redis.call('RPUSH', KEYS[1], '{"reason":"r","at":"a","payload":"' .. string.rep('QUJD', ARGV[1]) .. '"}')`;
      const keys = [deadLettersOf(pattern.topic.default)];
      for (const quads of [...Array.from({ length: 20 }, () => 3e6), 17e6, 1])
        await own.redis.eval(script, { keys, arguments: [String(quads)] });
      const { stdout, stderr } = await deadLetters([name], { NODE_OPTIONS: '--import ./test/support/peak-memory.mjs' });
      expect(stdout.match(/^ +\d+ +a +\d+ +r /gm)).toHaveLength(21);
      expect(stdout).toMatch(/^ +21 +- +680000\d\d +not a dead letter: larger than 64 MB /m);
      expect(Number(/^peak memory: (\d+) MB$/m.exec(stderr)?.[1])).toBeLessThan(350); // of 300 MB of letters
    },
  );

  test('a wrong command, and a Redis that is unreachable, are one clear error', async () => {
    const [{ name }] = kept as [Pattern];
    for (const args of [
      [other.name],
      [name, 'burn'],
      [name, 'replay'],
      [name, 'replay', '0'],
      ['--limit', '0'],
      ['--limit', 'x'],
      [name, 'replay', '1', '--limit', '1'],
    ]) {
      await expect(deadLetters(args)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('usage: npm run dead-letters'),
      });
    }
    await expect(deadLetters([], { REDIS_PORT: await freePort() })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is unreachable'),
    });
  });

  test.each([
    [2, 'is slow is asked again'],
    [Number.POSITIVE_INFINITY, 'never answers is unreachable'],
  ])('a Redis that lets %d attempts go by, and %s', async (silences, _what) => {
    const [{ name }] = kept as [Pattern];
    let attempts = 0;
    await using line = createServer((socket) => {
      socket.on('error', () => {});
      if (++attempts > silences) socket.pipe(connect(own.server.port, '127.0.0.1')).pipe(socket);
      else socket.resume();
    }).listen(0, '127.0.0.1');
    await once(line, 'listening');
    const listing = deadLetters([name], { REDIS_PORT: (line.address() as AddressInfo).port });
    if (silences === 2) await expect(listing).resolves.toMatchObject({ stdout: expect.stringContaining('0') });
    else
      await expect(listing).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('is unreachable (no answer to the handshake)'),
      });
    expect(attempts).toBe(3);
  });
});
