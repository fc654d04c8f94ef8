import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { stringsOf } from '../../../local/process/environment.ts';
import { findServer } from '../../../local/redis/find-server.ts';
import { type Publication, publishByHand } from '../../../local/start/by-hand.ts';
import { connectTo, startRedis } from '../../support/redis.ts';
import { startTlsRedis } from '../../support/tls.ts';

/** No shell, no URL and no configuration may take a part of it for something else. */
const PASSWORD = `it's "$HOME" @:/% #é\\`;
const TO_A_LIST: readonly Publication[] = [{ pattern: 'queue', command: ['RPUSH', "by hand's"] }];

/** What a shell prints that is given the lines, with no other environment than a terminal has, and this. */
async function paste(lines: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const program = await findServer(console.error);
  const PATH = `${process.env.PATH}:${dirname(program.path)}`; // redis-cli comes with the server
  const terminal = { ...program.env, PATH, LANG: 'C.UTF-8' };
  return (await promisify(execFile)('sh', ['-ec', lines.join('\n')], { env: { ...terminal, ...env } })).stdout;
}

test('the lines to publish by hand work as they are printed: with a private Redis, where nothing is set', async () => {
  await using server = await startRedis({ password: PASSWORD });
  const lines = publishByHand(TO_A_LIST, server.env);
  expect(lines.join('\n')).not.toContain('é');
  expect(await paste(lines)).toBe('1\n');
  await using redis = await connectTo(server.port, {}, { password: PASSWORD });
  expect(await redis.client.lRange("by hand's", 0, -1)).toEqual([expect.stringContaining('"message":"Hello by hand"')]);
});

test('… with a Redis of the user’s, where the variables are set: password, file of it, URL, user, database', async () => {
  const user = `user me on ${JSON.stringify(`>${PASSWORD}`)} ~* +@all`;
  await using server = await startRedis({ password: PASSWORD, settings: [user] });
  const folder = await mkdtemp(join(tmpdir(), "by-hand's "));
  const file = join(folder, 'password');
  await writeFile(file, PASSWORD);
  const where = { REDIS_HOST: 'localhost', REDIS_PORT: String(server.port) };
  const url = (user: string) => `redis://${user}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}/3`;
  for (const env of [
    { ...where, REDIS_PASSWORD: PASSWORD },
    { ...where, REDIS_PASSWORD_FILE: file },
    { ...where, REDIS_PASSWORD_FILE: file, REDIS_USERNAME: 'me' },
    { REDIS_URL: url('') },
    { REDIS_URL: url('me') },
  ]) {
    const lines = publishByHand(TO_A_LIST, env);
    expect(lines.join('\n')).not.toMatch(/é|%C3%A9/);
    expect([env, await paste(lines, stringsOf(env))]).toEqual([env, expect.stringMatching(/^\d\n$/)]);
  }
  await using redis = await connectTo(server.port, {}, { password: PASSWORD });
  expect(await redis.client.lLen("by hand's")).toBe(3);
  await redis.client.select(3);
  expect(await redis.client.lLen("by hand's")).toBe(2);
  await rm(folder, { recursive: true });
});

test('… with TLS', async () => {
  await using secure = await startTlsRedis();
  const files = {
    REDIS_TLS_CA: secure.ca,
    REDIS_TLS_CERT: secure.client.certificate,
    REDIS_TLS_KEY: secure.client.key,
    REDIS_TLS_SERVERNAME: 'localhost',
  };
  const { tlsPort } = secure;
  for (const where of [{ REDIS_URL: `rediss://localhost:${tlsPort}` }, { REDIS_PORT: String(tlsPort) }])
    expect(await paste(publishByHand(TO_A_LIST, { ...where, ...files }))).toMatch(/^\d\n$/);
});
