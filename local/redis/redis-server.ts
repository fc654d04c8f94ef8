import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLS_VARIABLES } from '@redis-messaging/shared/redis/options';
import type { ServerProgram } from './find-server.ts';

/** A private Redis on loopback, with a folder that is removed when it is stopped. */
export interface RedisServer {
  readonly port: number;
  readonly pid: number;
  /** The variables that lead to it, whatever else is set; the password is in a file that nobody else may read. */
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when it has ended, for any reason. */
  readonly ended: Promise<unknown>;
  /** Starts one that has ended again: on its port, with its folder. @throws with its log if it does not start */
  restart(): Promise<RedisServer>;
  /** How many keys it holds, once it has loaded its data; `undefined` if it does not say. */
  countKeys(): Promise<number | undefined>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** How to run a private Redis. */
export interface ServerOptions {
  /** The port to listen on; a free one if not given. */
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  /** Without one, every user of this machine may do with it what he likes. */
  readonly password?: string | undefined;
  /** Further lines for its configuration file. */
  readonly settings?: readonly string[];
  /** Arguments behind that file. */
  readonly args?: readonly string[];
}

const START_TIMEOUT_MS = 10_000;
const OURS_ALONE = { mode: 0o600 };

/**
 * A shell that runs the server, says its process id, and when it has ended; then it waits until something is written to the pipe
 * `again`, and runs it again. When its standard input ends, which it does when this process ends in any way, it stops the server and
 * removes its folder, the first argument; after 10 s it kills a server that is busy with a script, or stands still.
 */
const SUPERVISOR = `
folder=$1; shift
exec 3<&0 4>&2 2>/dev/null
mkfifo "$folder/again"
end() { server=$(cat "$folder/pid"); kill $server; left=100
  while kill -0 $server; do sleep 0.1; left=$((left - 1)); [ $left -eq 0 ] && kill -9 $server; done; }
{ cat <&3; rm "$folder/again"; end; kill $$; end; rm -rf "$folder"; } >/dev/null 4>&- &
while :; do
  sh -c 'echo $$ >"$0/pid"; exec "$@"' "$folder" "$@" </dev/null 2>&4 3<&- 4>&- &
  echo $!
  wait $!
  echo ended
  read -r _ <"$folder/again" || exit
done`;

/** Starts a server that only this machine can reach, and that persists nothing unless the settings say so. Resolves once it answers. @throws with its log if it does not start */
export async function startRedisServer(program: ServerProgram, options: ServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-messaging-'));
  const port = options.port ?? (await freePort());
  const configuration = join(folder, 'redis.conf');
  await writeFile(configuration, settingsOf(folder, port, options).join('\n'), OURS_ALONE);
  const { username = '', password } = options;
  const passwordFile = password ? join(folder, 'password') : '';
  if (password) await writeFile(passwordFile, `${password}\n`, OURS_ALONE);
  const env = {
    ...Object.fromEntries(['REDIS_URL', 'REDIS_PASSWORD', ...TLS_VARIABLES].map((name) => [name, ''])),
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(port),
    REDIS_USERNAME: username,
    REDIS_PASSWORD_FILE: passwordFile,
  };
  const shell = spawn('sh', ['-c', SUPERVISOR, 'sh', folder, program.path, configuration, ...(options.args ?? [])], {
    detached: true, // Ctrl-C is for the services, which need Redis to stop in order
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...program.env },
  });
  const closed = once(shell, 'close'); // of its output, which the server has, too
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();

  async function stop(): Promise<void> {
    shell.stdin.end();
    await closed;
    await rm(folder, { recursive: true, force: true });
  }

  /** Of the server that was started last. */
  async function started(): Promise<RedisServer> {
    const pid = Number((await lines.next()).value);
    let isRunning = true;
    const ended = lines.next().then(() => {
      isRunning = false;
    });
    try {
      await Promise.race([
        answering(port, pid, options, () => isRunning),
        ended.then(() => Promise.reject(new Error('it ended at once'))),
      ]);
    } catch (error) {
      const log = await readFile(join(folder, 'redis.log'), 'utf8').catch(() => '');
      throw new Error(`Redis did not start on port ${port}: ${(error as Error).message}\n${log}`);
    }
    return { port, pid, env, ended, restart, countKeys: () => keysAt(port, options, () => isRunning), stop };
  }

  async function restart(): Promise<RedisServer> {
    const [server] = await Promise.all([started(), wake(join(folder, 'again'))]);
    return server;
  }

  try {
    return await started();
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Writes a line to a named pipe. @throws if nobody reads it */
async function wake(pipe: string): Promise<void> {
  for (const deadline = performance.now() + 10_000; ; await sleep(10)) {
    try {
      await writeFile(pipe, '\n', { flag: constants.O_WRONLY | constants.O_NONBLOCK });
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

function settingsOf(folder: string, port: number, { username, password, settings = [] }: ServerOptions): string[] {
  const quote = JSON.stringify; // the configuration file has the same escapes
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${quote(folder)}`,
    `logfile ${quote(join(folder, 'redis.log'))}`,
    'save ""',
    'appendonly no',
    'loglevel warning',
    ...(password && !username ? [`requirepass ${quote(password)}`] : []),
    ...(password && username ? [`user ${quote(username)} on ${quote(`>${password}`)} ~* &* +@all`] : []),
    ...settings,
    '',
  ];
}

/** A password for a private server that nobody can guess. */
export const newPassword = (): string => randomBytes(24).toString('base64url');

/** A port of the loopback address that is free at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether something listens on a port of this machine. */
export async function isTaken(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return true;
  }
  server.close();
  await once(server, 'close');
  return false;
}

/** Waits until the server answers: this one, not another that has the port. */
async function answering(port: number, pid: number, options: ServerOptions, isRunning: () => boolean): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (isRunning() && performance.now() < deadline) {
    const answer = await ask(port, options, ['INFO', 'server'], /^process_id:\d+\r/m);
    const answerer = Number(/^process_id:(\d+)/m.exec(answer)?.[1]);
    if (answerer === pid) return;
    if (answerer) throw new Error('another Redis has this port');
    await sleep(20);
  }
  throw new Error('no answer');
}

/** Asks until the data is loaded. */
async function keysAt(port: number, options: ServerOptions, isRunning: () => boolean): Promise<number | undefined> {
  while (isRunning()) {
    const answer = await ask(port, options, ['DBSIZE'], /^:\d+\r/m);
    const keys = /^:(\d+)\r/m.exec(answer)?.[1];
    if (keys) return Number(keys);
    if (!answer.includes('-LOADING')) return undefined;
    await sleep(20);
  }
  return undefined;
}

/** Sends a command, and returns what is answered within a second, until that is complete or an error. */
async function ask(
  port: number,
  { username = 'default', password }: ServerOptions,
  command: readonly string[],
  complete: RegExp,
): Promise<string> {
  const encoded = [...(password ? [['AUTH', username, password]] : []), command].map(
    (words) => `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
  );
  return await new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(encoded.join('')));
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, done);
    socket.on('error', done);
    socket.on('end', done);
    socket.on('data', (data) => {
      answer += data;
      if (complete.test(answer) || /^-/m.test(answer)) done();
    });
  });
}
