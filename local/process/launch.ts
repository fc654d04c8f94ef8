import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Environment, passedOn, stringsOf } from './environment.ts';
import { ROOT } from './node-command.ts';

/** A program to run in a Node process of its own. */
export interface Program {
  /** The arguments for Node; see node-command.ts. */
  readonly command: readonly string[];
  /** Its environment, besides PATH and NODE_OPTIONS. */
  readonly env?: Environment;
  /** Called with each line that it writes, on either output. Without it, only its errors are shown, on our standard error. */
  readonly onLine?: (line: string) => void;
  /** Called with each message that it sends by IPC. */
  // biome-ignore lint/suspicious/noExplicitAny: the receiver knows what its program sends
  readonly onMessage?: (message: any) => void;
  /** Kills it if it runs longer: ms. */
  readonly timeoutMs?: number;
}

/** A running program. Disposing kills it, and waits until it has ended. */
export interface Launched extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly isRunning: boolean;
  /** Resolves when it has ended, and all that it wrote has been read: the exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Sends a signal, and waits for the end, as `exited`. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/**
 * Runs a program with an IPC channel, apart from our process group: Ctrl-C in a terminal reaches only this process, which ends
 * its programs in order. When this process ends in any other way the channel closes, at which programs of this project end.
 */
export function launch({ command, env = {}, onLine, onMessage, timeoutMs }: Program): Launched {
  const output = onLine ? (['pipe', 'pipe'] as const) : (['ignore', 'inherit'] as const);
  const child = spawn(process.execPath, command, {
    cwd: ROOT,
    env: stringsOf({ ...passedOn(), ...env }),
    detached: true,
    stdio: ['ignore', ...output, 'ipc'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  if (onLine)
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', onLine);
  if (onMessage) child.on('message', onMessage);
  const exited = once(child, 'close').then(([code, signal]) => code ?? signal);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    process: child,
    get isRunning() {
      return isRunning();
    },
    exited,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return await exited;
    },
    async [Symbol.asyncDispose]() {
      if (isRunning()) await this.stop('SIGKILL');
    },
  };
}
