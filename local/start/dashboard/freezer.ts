import { type ChildProcess, spawn } from 'node:child_process';

/** Stops a process until its standard input ends, which it does when this process ends in any way: nobody is left frozen. */
const FREEZE = 'kill -STOP $1 && cat >/dev/null; kill -CONT $1';

/** Freezes and thaws processes that we have started. */
export class Freezer {
  readonly #frozen = new Map<ChildProcess, ChildProcess>();

  /** @throws an Error if it is frozen already */
  freeze(program: ChildProcess): void {
    if (this.#frozen.has(program)) throw new Error('it is frozen already');
    const shell = spawn('sh', ['-c', FREEZE, 'sh', String(program.pid)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    shell.stdin.on('error', () => {}); // it has ended
    this.#frozen.set(program, shell);
    program.once('exit', () => {
      // Its id may be another's now.
      if (this.#frozen.get(program) === shell && shell.pid) process.kill(-shell.pid, 'SIGKILL');
      this.#frozen.delete(program);
    });
  }

  /** @throws an Error if it is not frozen */
  thaw(program: ChildProcess): void {
    const shell = this.#frozen.get(program);
    if (!shell) throw new Error('it is not frozen');
    this.#frozen.delete(program);
    shell.stdin?.end();
  }

  /** Thaws it, if it is frozen, so that it can be stopped in order. */
  release(program: ChildProcess): void {
    if (this.#frozen.has(program)) this.thaw(program);
  }

  /** Thaws all. */
  releaseAll(): void {
    for (const program of this.#frozen.keys()) this.thaw(program);
  }
}
