import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import { OwnRedis } from '../../compare/testbed/lab-redis.ts';
import { findServer } from '../../local/redis/find-server.ts';
import { type LocalRedis, provideRedis } from '../../local/redis/provide-redis.ts';
import { startItself } from '../local/start/npm-start.ts';
import { argumentsOfAll } from '../support/arguments.ts';

const noCredentials = {
  REDIS_PORT: 6379,
  REDIS_USERNAME: '',
  REDIS_PASSWORD: '',
  REDIS_PASSWORD_FILE: '',
  address: '',
};

/** What somebody who knows no password is answered. */
async function answerTo(port: unknown, command = 'RPUSH message_queue x'): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${command}\r\n`));
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer);
}

/** Its password, from the file that only its owner may read. */
async function passwordIn(file: unknown): Promise<string> {
  const modes = await Promise.all([String(file), dirname(String(file))].map(async (path) => (await stat(path)).mode));
  expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['600', '700']);
  return (await readFile(String(file), 'utf8')).trim();
}

test('no other user of this machine can do anything with the private Redis of npm start; its password is in no argument', async () => {
  await using start = startItself({ PATTERN: 'queue', PUBLISH_INTERVAL: 0.1, DASHBOARD_PORT: '' });
  await start.says('Watch it live');
  expect(await answerTo(await start.redisPort())).toMatch(/^-NOAUTH/);
  const [, file] = /\$\(cat ([^)]+)\)/.exec(await start.says('REDISCLI_AUTH=')) ?? [];
  const password = await passwordIn(file);
  expect(password).toMatch(/^[\w-]{32}$/);
  expect((await argumentsOfAll()).filter((line) => line.includes(password))).toEqual([]);
  await using redis = await start.connect();
  expect(await redis.client.ping()).toBe('PONG');
  expect(start.lines.filter((line) => line.includes(password))).toEqual([]);
});

test('nor with that of compare, also after it was killed', async () => {
  await using redis = await OwnRedis.start(await findServer(console.error), [], new AbortController().signal);
  const password = await passwordIn(redis.env.REDIS_PASSWORD_FILE);
  expect(await answerTo(redis.port)).toMatch(/^-NOAUTH/);
  await redis.kill();
  await redis.restart();
  expect(await answerTo(redis.port)).toMatch(/^-NOAUTH/);
  expect(await passwordIn(redis.env.REDIS_PASSWORD_FILE)).toBe(password);
  expect(await redis.admin.ping()).toBe('PONG');
});

test('nor with that of the examples; a user’s own name and password stay, and nobody else has a way in', async () => {
  const provided: LocalRedis[] = [];
  const provide = async (given: object) => {
    provided.push(await provideRedis({ ...noCredentials, ...given }, () => {}));
    return (provided.at(-1) as LocalRedis).env;
  };
  try {
    const [first, second] = [await provide({}), await provide({})];
    const [one, two] = [await passwordIn(first.REDIS_PASSWORD_FILE), await passwordIn(second.REDIS_PASSWORD_FILE)];
    expect(one).not.toBe(two);
    expect(await answerTo(first.REDIS_PORT)).toMatch(/^-NOAUTH/);
    const own = await provide({ REDIS_USERNAME: 'me', REDIS_PASSWORD: 'mine' });
    expect(await passwordIn(own.REDIS_PASSWORD_FILE)).toBe('mine');
    expect(await answerTo(own.REDIS_PORT)).toMatch(/^-NOAUTH/);
    expect(await answerTo(own.REDIS_PORT, 'AUTH default guessed')).toMatch(/^-WRONGPASS/);
  } finally {
    await Promise.all(provided.map((redis) => redis.stop()));
  }
});

test('there is none with TLS: who asks for that is told to name one', async () => {
  process.env.REDIS_TLS_CA = '/ca.crt';
  try {
    await expect(provideRedis(noCredentials, () => {})).rejects.toThrow(
      'REDIS_TLS_CA: a private Redis has no TLS; expected REDIS_URL or REDIS_HOST, or none of these',
    );
  } finally {
    delete process.env.REDIS_TLS_CA;
  }
});
