import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installFromDebian } from '../process/debian.ts';
import { onPath } from '../process/on-path.ts';

/** A Redis or Valkey server program. */
export interface ServerProgram {
  readonly path: string;
  /** Environment that it needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Its version and where it comes from, for the log. */
  readonly about: string;
}

const NAMES = ['redis-server', 'valkey-server'];

const DEBIAN = {
  name: 'redis-server',
  packages: ['redis-server', 'redis-tools'], // in Debian the first only has a link into the second
  program: 'usr/bin/redis-server',
  choices: `No Redis found. Choose one of these:
  - install redis-server or valkey-server with your system's packages, so that it is on PATH;
  - name the program of one: REDIS_SERVER=/path/to/redis-server;
  - name a running one: REDIS_HOST=localhost npm start, or REDIS_URL=redis://user:password@host:6379 npm start;
  - use containers: docker-compose up`,
};

/**
 * The program that is named; else `redis-server` or `valkey-server` from PATH; else, on Debian and Ubuntu, one from the
 * distribution's packages, unpacked into a folder of this project.
 * @param named its path
 * @throws an Error that lists the choices if there is none
 */
export async function findServer(
  say: (line: string) => void,
  named = process.env.REDIS_SERVER,
): Promise<ServerProgram> {
  if (named) return { path: named, env: {}, about: `${await versionOf(named)} at ${named}` };
  for (const name of NAMES) {
    const path = onPath(name);
    if (path) return { path, env: {}, about: `${await versionOf(path)} from PATH` };
  }
  const unpacked = await installFromDebian(DEBIAN, say);
  return { ...unpacked, about: `${await versionOf(unpacked.path, unpacked.env)} from the distribution's packages` };
}

async function versionOf(path: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { env: { ...process.env, ...env } });
  const version = /v=(\S+)/.exec(stdout)?.[1] ?? '';
  return `${/valkey/i.test(stdout) ? 'Valkey' : 'Redis'} ${version}`;
}
