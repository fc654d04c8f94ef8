import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { aclRules } from '@redis-messaging/shared/access/acl-rules';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { startRedis } from '../support/redis.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** `npm run acl`: what it prints, or the error. */
function acl(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const command = ['--import', 'tsx', '--conditions=source', 'scripts/acl.ts', ...args];
  return new Promise((resolve) =>
    execFile('node', command, { cwd: ROOT, env: { ...process.env, ...env } }, (_error, out, problem) =>
      resolve(out + problem),
    ),
  );
}

test('prints users that Redis takes as its ACL file', async () => {
  const printed = await acl([], { PATTERN: 'all', STREAM: 'my orders', CHANNEL: 'news:*' });
  expect(printed.match(/^user \w+/gm)).toEqual(['user publisher', 'user subscriber', 'user dashboard']);
  const folder = await mkdtemp(join(tmpdir(), 'acl-'));
  const file = join(folder, 'users.acl');
  await writeFile(file, `user default on nopass ~* &* +@all\n${printed}`);
  await using server = await startRedis({ settings: [`aclfile ${file}`] });
  expect(await server.countKeys()).toBe(0);
  await rm(folder, { recursive: true });
});

test('prints one of them, and says what it expects', async () => {
  const rules = aclRules('subscriber', new Map([[stream, 'orders']])).join(' ');
  const printed = await acl(['subscriber'], { PATTERN: 'stream', STREAM: 'orders' });
  expect(printed).toBe(`user subscriber on >CHANGE-ME ${rules}\n`);
  expect(await acl(['reader'])).toBe(
    'acl: no service is called reader; expected some of publisher, subscriber, dashboard\n',
  );
  expect(await acl([], { PATTERN: 'queues' })).toMatch(/^acl: fix these environment variables:\nPATTERN="queues"/);
});
