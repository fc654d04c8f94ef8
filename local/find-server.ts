import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { installFromDebian } from './debian.ts';

/** A server program that speaks Redis' protocol. */
export interface ServerProgram {
  readonly path: string;
  /** Environment that it needs. */
  readonly env: Readonly<Record<string, string>>;
  /** What it is and where it comes from, for people. */
  readonly about: string;
}

const NAMES = ['redis-server', 'valkey-server'];

/**
 * `redis-server` or `valkey-server` from PATH; else, on Debian and Ubuntu, one from the distribution's packages, unpacked
 * into a folder of this project.
 * @throws an Error that lists the choices if there is none
 */
export async function findServer(say: (line: string) => void): Promise<ServerProgram> {
  for (const name of NAMES) {
    const path = onPath(name);
    if (path) return { path, env: {}, about: `${await versionOf(path)} from PATH` };
  }
  const unpacked = await installFromDebian(say);
  return { ...unpacked, about: `${await versionOf(unpacked.path, unpacked.env)} from the distribution's packages` };
}

/** Where PATH has a program. */
export function onPath(name: string): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function versionOf(path: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { env: { ...process.env, ...env } });
  const version = /v=(\S+)/.exec(stdout)?.[1] ?? '';
  return `${/valkey/i.test(stdout) ? 'Valkey' : 'Redis'} ${version}`;
}
