import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProgram } from './find-server.ts';

/** A private Redis on loopback, with a folder that is removed when it ends. */
export interface RedisServer {
  readonly port: number;
  readonly pid: number;
  /** Resolves when it has ended, for any reason. */
  readonly ended: Promise<unknown>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** How to run a private Redis. */
export interface ServerOptions {
  /** The port to listen on; a free one if not given. */
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Further lines for its configuration file. */
  readonly settings?: readonly string[];
}

const START_TIMEOUT_MS = 10_000;

/**
 * A shell that runs the server, and ends when the server does. When its standard input ends, which it does when this process
 * ends in any way, it stops the server and removes its folder, the first argument; after 10 s it kills a server that is busy with a
 * script, or stands still. The folder stays for a moment, so that the log of a server that did not start can be read.
 */
const SUPERVISOR = `
folder=$1; shift
"$@" </dev/null & server=$!
exec 2>/dev/null
echo $server
exec 3<&0
{ cat <&3; kill $server; left=100
  while kill -0 $server; do sleep 0.1; left=$((left - 1)); [ $left -eq 0 ] && kill -9 $server; done
  sleep 1; rm -rf "$folder"; } >/dev/null 2>&1 &
wait $server`;

/** Starts a server that only this machine can reach, and that does not persist anything. Resolves once it answers. @throws with its log if it does not start */
export async function startRedisServer(program: ServerProgram, options: ServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-messaging-'));
  const port = options.port ?? (await freePort());
  const configuration = join(folder, 'redis.conf');
  await writeFile(configuration, settingsOf(folder, port, options).join('\n'), { mode: 0o600 });
  const shell = spawn('sh', ['-c', SUPERVISOR, 'sh', folder, program.path, configuration], {
    detached: true, // Ctrl-C is for the services, which need Redis to stop in order
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...program.env },
  });
  const ended = once(shell, 'exit');
  const pid = Number(await new Promise<Buffer>((resolve) => shell.stdout.once('data', resolve)));
  async function stop(): Promise<void> {
    shell.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
  try {
    await Promise.race([
      answering(port, pid, options, () => shell.exitCode === null),
      ended.then(() => Promise.reject(new Error('it ended at once'))),
    ]);
  } catch (error) {
    const log = await readFile(join(folder, 'redis.log'), 'utf8').catch(() => '');
    await stop();
    throw new Error(`Redis did not start on port ${port}: ${(error as Error).message}\n${log}`);
  }
  return { port, pid, ended, stop };
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
    ...(password && !username ? [`requirepass ${quote(password)}`] : []),
    ...(password && username ? [`user ${quote(username)} on ${quote(`>${password}`)} ~* &* +@all`] : []),
    ...settings,
    '',
  ];
}

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
async function answering(
  port: number,
  pid: number,
  { username = 'default', password }: ServerOptions,
  isRunning: () => boolean,
): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  const credentials = password ? [['AUTH', username, password]] : [];
  while (isRunning() && performance.now() < deadline) {
    const answer = await ask(port, [...credentials, ['INFO', 'server']]);
    const answerer = Number(/^process_id:(\d+)/m.exec(answer)?.[1]);
    if (answerer === pid) return;
    if (answerer) throw new Error('another Redis has this port');
    await sleep(20);
  }
  throw new Error('no answer');
}

/** Sends commands, and returns the replies that arrive within a second, up to the end of an INFO. */
async function ask(port: number, commands: readonly (readonly string[])[]): Promise<string> {
  const encoded = commands.map(
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
      if (/process_id:\d+\r/.test(answer) || /^-/m.test(answer)) done();
    });
  });
}
