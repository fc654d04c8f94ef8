import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './on-path.ts';

const run = promisify(execFile);
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache');
const LIBRARIES = ['usr/lib', 'lib'];

/** A program that packages of Debian and Ubuntu contain. */
export interface Wanted {
  readonly name: string;
  /** The packages with the program and its files; their dependencies are added. */
  readonly packages: readonly string[];
  /** Its path in them. */
  readonly program: string;
  /** What to do instead, in lines: for the error if it cannot be installed. */
  readonly choices: string;
}

/** A program that was unpacked. */
export interface Unpacked {
  readonly path: string;
  /** The environment variables that it needs. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Gets a program from the packages of Debian or Ubuntu without installing it: downloads it, and the libraries that this
 * system lacks, with package lists of our own, and unpacks them into a folder of this project. Does not need root.
 * @throws an Error that lists the choices if that fails
 */
export async function installFromDebian(wanted: Wanted, say: (line: string) => void): Promise<Unpacked> {
  const folder = join(CACHE, wanted.name);
  const path = join(folder, wanted.program);
  if (!existsSync(path)) {
    if (!onPath('apt-get') || !onPath('dpkg-deb')) throw new Error(wanted.choices);
    say(
      `No ${wanted.name} on PATH: downloading it from the distribution's packages (this does not change the system) …`,
    );
    try {
      await unpack(wanted, folder);
    } catch (error) {
      throw new Error(`${wanted.choices}\n(Downloading it from the packages failed: ${lastLine(error)})`);
    }
  }
  return { path, env: { LD_LIBRARY_PATH: (await libraryFolders(folder)).join(':') } };
}

async function unpack(wanted: Wanted, folder: string): Promise<void> {
  const work = `${folder}.${process.pid}`;
  const archives = join(work, 'archives');
  const lists = join(work, 'lists');
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(lists, 'partial'), { recursive: true });
  try {
    await download(wanted.packages, { work, archives, lists });
    const root = join(work, 'root');
    for (const file of (await readdir(archives)).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg-deb', ['--extract', join(archives, file), root]);
    }
    // where a package only refers to another way of installing, as Ubuntu's chromium-browser does
    if (!existsSync(join(root, wanted.program)))
      throw new Error(`there is no ${wanted.program} in ${wanted.packages.join(', ')}`);
    await rm(folder, { recursive: true, force: true });
    await rename(root, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Downloads the packages, even installed ones, and those of their dependencies that the system does not have. */
async function download(
  packages: readonly string[],
  folders: Record<'work' | 'archives' | 'lists', string>,
): Promise<void> {
  const settings = {
    'Dir::State::Lists': folders.lists,
    'Dir::Cache': folders.work,
    'Dir::Cache::Archives': folders.archives,
    'Debug::NoLocking': 'true', // nothing of the system's is written, so its locks do not matter
    'APT::Sandbox::User': userInfo().username,
  };
  const options = Object.entries(settings).flatMap(([setting, value]) => ['-o', `${setting}=${value}`]);
  await run('apt-get', [...options, 'update', '-qq']);
  const flags = ['-qq', '--yes', '--download-only', '--no-install-recommends', '--reinstall'];
  await run('apt-get', [...options, 'install', ...flags, ...packages]);
}

/** The folders of the unpacked libraries: `usr/lib/<triplet>`, and folders of single packages in it. */
async function libraryFolders(folder: string): Promise<string[]> {
  const folders: string[] = [];
  for (const base of LIBRARIES.map((name) => join(folder, name)).filter(existsSync)) {
    const triplets = (await readdir(base)).filter((name) => name.includes('-linux-')).map((name) => join(base, name));
    for (const triplet of triplets) {
      const files = await readdir(triplet, { recursive: true });
      const owners = files
        .filter((file) => /\/lib[^/]*\.so[.\d]*$/.test(`/${file}`))
        .map((file) => dirname(join(triplet, file)));
      folders.push(...new Set([triplet, ...owners]));
    }
  }
  return folders;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: string };
  return (stderr?.trim() || message).split('\n').at(-1) as string;
}
