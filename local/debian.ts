import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './find-server.ts';

const run = promisify(execFile);
const FOLDER = resolve(import.meta.dirname, '../node_modules/.cache/redis-server');
const PROGRAM = 'usr/bin/redis-server';
const LIBRARIES = ['usr/lib', 'lib'];

const NO_SERVER = `No Redis to talk to. Choose one of these:
  - install redis-server or valkey-server with your system's packages, so that it is on PATH;
  - name one that runs: REDIS_HOST=localhost npm start, or REDIS_URL=redis://user:password@host:6379 npm start;
  - use containers: docker-compose up`;

/**
 * Gets redis-server from the packages of Debian or Ubuntu without installing it: downloads it, and the libraries that
 * this system lacks, with package lists of our own, and unpacks them into a folder of ours. Needs no root.
 */
export async function installFromDebian(say: (line: string) => void) {
  if (!existsSync(join(FOLDER, PROGRAM))) {
    if (!onPath('apt-get') || !onPath('dpkg-deb')) throw new Error(NO_SERVER);
    say("No redis-server on PATH: getting one from the distribution's packages (this does not change the system) …");
    try {
      await unpack('redis-server', FOLDER);
    } catch (error) {
      throw new Error(`${NO_SERVER}\n(Getting it from the packages failed: ${lastLine(error)})`);
    }
  }
  return { path: join(FOLDER, PROGRAM), env: { LD_LIBRARY_PATH: (await libraryFolders()).join(':') } };
}

/** Downloads a package, with what this system lacks of what it needs, and unpacks all of it into a folder. */
export async function unpack(name: string, folder: string): Promise<void> {
  const work = `${folder}.${process.pid}`;
  const archives = join(work, 'archives');
  const lists = join(work, 'lists');
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(lists, 'partial'), { recursive: true });
  try {
    const settings = {
      'Dir::State::Lists': lists,
      'Dir::Cache': work,
      'Dir::Cache::Archives': archives,
      'Debug::NoLocking': 'true', // nothing of the system's is written, so its locks do not matter
      'APT::Sandbox::User': userInfo().username,
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    await run('apt-get', [...options, 'update', '-qq']);
    await run('apt-get', [...options, 'install', '-qq', '--yes', '--download-only', '--no-install-recommends', name]);
    const root = join(work, 'root');
    for (const file of (await readdir(archives)).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg-deb', ['--extract', join(archives, file), root]);
    }
    await rm(folder, { recursive: true, force: true });
    await rename(root, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The folders of the libraries that came along: `usr/lib/<triplet>`. */
async function libraryFolders(): Promise<string[]> {
  const folders: string[] = [];
  for (const base of LIBRARIES.map((name) => join(FOLDER, name)).filter(existsSync)) {
    const names = await readdir(base);
    folders.push(...names.filter((name) => name.includes('-linux-')).map((name) => join(base, name)));
  }
  return folders;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: string };
  return (stderr?.trim() || message).split('\n').at(-1) as string;
}
