import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ROOT } from '../../local/process/node-command.ts';

const run = promisify(execFile);
const root = fileURLToPath(ROOT);
const LONGEST_MS = 300_000;

/** A copy of this project in a temporary folder, with the same packages, that a test may change. Disposing removes it. */
export class ProjectCopy implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<ProjectCopy> {
    const copy = new ProjectCopy(await mkdtemp(join(tmpdir(), 'redis-messaging-copy-')));
    const listed = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
    for (const path of listed.stdout.trim().split('\n')) {
      await cp(join(root, path), join(copy.folder, path)).catch((error) => {
        if (error.code !== 'ENOENT') throw error; // deleted, and not committed yet
      });
    }
    await copy.#linkPackages();
    return copy;
  }

  async read(path: string): Promise<string> {
    return await readFile(join(this.folder, path), 'utf8');
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  /** Runs `npm run SCRIPT -- ARGUMENTS` in the copy. @returns what it printed, on both outputs. Throws that if it fails */
  async npm(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const command = ['run', '--silent', '--ignore-scripts', script, '--', ...args];
    const options = { cwd: this.folder, env: { ...process.env, ...env }, timeout: LONGEST_MS, maxBuffer: 2 ** 28 };
    try {
      const { stdout, stderr } = await run('npm', command, options);
      return stdout + stderr;
    } catch (error) {
      const { stdout, stderr, message } = error as { stdout: string; stderr: string; message: string };
      throw new Error(`npm run ${script} ${args.join(' ')}: ${message}\n${stdout}\n${stderr}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The packages are those of the project; only its own are the copy's. */
  async #linkPackages(): Promise<void> {
    const packages = join(this.folder, 'node_modules');
    await mkdir(join(packages, '@redis-messaging'), { recursive: true });
    for (const name of await readdir(join(root, 'node_modules'))) {
      if (name !== '@redis-messaging') await symlink(join(root, 'node_modules', name), join(packages, name));
    }
    for (const name of ['shared', 'publisher', 'subscriber'])
      await symlink(join(this.folder, name), join(packages, '@redis-messaging', name));
  }
}
