import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '../../local/process/node-command.ts';
import { ProjectCopy } from '../support/project-copy.ts';
import { useRedis } from '../support/use-redis.ts';

const run = promisify(execFile);
const own = useRedis();
const README = readFileSync(new URL('README.md', ROOT), 'utf8');
const TSC = fileURLToPath(new URL('node_modules/typescript/bin/tsc', ROOT));
/** The lines of the README for a service of one's own. */
const LINES = /## Use it in your own service\n[\s\S]*?```ts\n([\s\S]*?)```/.exec(README)?.[1] as string;

let folder: string;

/** An empty folder in which somebody installs the packed library, and nothing else. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'redis-messaging-user-'));
  await using copy = await ProjectCopy.make();
  const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(copy.folder, 'shared'),
  });
  const [{ filename }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[')));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `./${filename}`], { cwd: folder });
  writeFileSync(join(folder, 'service.ts'), LINES);
}, 180_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the types of the packed library hold for the lines of the README', async () => {
  const types = fileURLToPath(new URL('node_modules/@types', ROOT));
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', '--typeRoots', types];
  await run(process.execPath, [TSC, '--noCheck', 'false', '--skipLibCheck', 'false', ...options, 'service.ts'], {
    cwd: folder,
  });
}, 60_000);

test('the lines of the README run in an empty folder', async () => {
  const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${own.server.port}` };
  const { stdout } = await run(process.execPath, ['service.js'], { cwd: folder, env });
  expect(stdout).toContain('billed a book (attempt 1)');
  expect(await own.redis.xLen('orders')).toBe(1);
  expect(await own.redis.xInfoGroups('orders')).toMatchObject([{ name: 'billing', pending: 0, lag: 0 }]);
}, 60_000);
