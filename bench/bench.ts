/**
 * `npm run bench`: messages a second from the publisher process to the subscriber process, for each pattern, next to what one
 * writes first (naive.ts), in one run on one private Redis. Ratios, because the machine's own speed is nobody's merit.
 *
 *   npm run bench                            all
 *   MESSAGES=1000000 npm run bench           more messages
 *   PATTERN=queue,stream npm run bench       some
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { loadConfig } from '@redis-messaging/shared/config';
import { figure, renderTable } from '@redis-messaging/shared/table';
import { serviceCommand } from '../local/child.ts';
import { findServer } from '../local/find-server.ts';
import { startRedisServer } from '../local/redis-server.ts';

const MESSAGES = Number(process.env.MESSAGES ?? 200_000);
/** One BLPOP a message is so slow that fewer will do. */
const NAIVE_MESSAGES: Readonly<Record<string, number>> = { pubsub: MESSAGES, stream: MESSAGES, queue: MESSAGES / 10 };

type Line = Record<string, unknown> & { event?: string };

const server = await startRedisServer(await findServer(console.error));
try {
  const names = loadConfig({ PATTERN: process.env.PATTERN || 'all' }).PATTERN.map((pattern) => pattern.name);
  const rows: string[][] = [];
  for (const name of names) {
    const ours = await runOurs(name);
    const naive = name in NAIVE_MESSAGES ? await runNaive(name) : undefined;
    rows.push([
      name,
      figure(Math.round(ours)),
      naive ? figure(Math.round(naive)) : '-',
      naive ? `${(ours / naive).toFixed(1)} x` : '-',
    ]);
    console.error(`${name}: done`);
  }
  console.log(renderTable(['pattern', 'messages/s', 'reference', 'ratio'], rows));
} finally {
  await server.stop();
}

/** The services themselves, as fast as they go. */
async function runOurs(pattern: string): Promise<number> {
  const env = { PATTERN: pattern, LOG_FORMAT: 'json', REDIS_HOST: '127.0.0.1' };
  const subscriber = start(serviceCommand('subscriber'), env);
  await subscriber.says((line) => line.event === 'ready');
  const publisher = start(serviceCommand('publisher'), {
    ...env,
    MESSAGE_COUNT: String(MESSAGES),
    PUBLISH_INTERVAL: '0',
  });
  const sent = await publisher.says((line) => line.event === 'stopped');
  await publisher.exited;
  await settle(subscriber, pattern);
  subscriber.process.kill('SIGTERM');
  await subscriber.exited;
  const got = figuresOf(
    subscriber.lines.findLast((line) => line.event === 'stopped'),
    pattern,
  );
  const began = Date.parse(String(figuresOf(sent, pattern).firstAt));
  const ended = Date.parse(String(got.lastAt));
  if (got.received !== MESSAGES) console.error(`${pattern}: received ${got.received} of ${MESSAGES}`);
  return (Number(got.received) / (ended - began)) * 1000;
}

/** Waits until the subscriber has everything, or nothing more comes. */
async function settle(subscriber: Running, pattern: string): Promise<void> {
  let before = -1;
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    const received = Number(subscriber.reports.at(-1)?.patterns?.[pattern]?.received ?? 0);
    if (received === MESSAGES || received === before) return;
    before = received;
  }
}

async function runNaive(pattern: string): Promise<number> {
  const count = NAIVE_MESSAGES[pattern] as number;
  const script = [...serviceCommand('publisher').slice(0, -1), 'bench/naive.ts']; // with the same settings of Node
  const subscriber = start([...script, 'subscribe', pattern, String(count)], {});
  await once(subscriber.process, 'message');
  const publisher = start([...script, 'publish', pattern, String(count)], {});
  const { beganAt } = await publisher.says((line) => 'beganAt' in line);
  const { endedAt } = await subscriber.says((line) => 'endedAt' in line);
  return (count / (Number(endedAt) - Number(beganAt))) * 1000;
}

type Running = ReturnType<typeof start>;

function start(command: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, command, {
    env: { PATH: process.env.PATH, REDIS_PORT: String(server.port), ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const lines: Line[] = [];
  const reports: { patterns?: Record<string, Line> }[] = [];
  const waiting: { test: (line: Line) => boolean; resolve: (line: Line) => void }[] = [];
  child.on('message', (report) => {
    reports.splice(0, reports.length, report as object);
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if (line.event === 'published' || line.event === 'received') return;
    lines.push(line);
    for (const wait of waiting) if (wait.test(line)) wait.resolve(line);
  });
  const says = (test: (line: Line) => boolean) => new Promise<Line>((resolve) => waiting.push({ test, resolve }));
  return { process: child, lines, reports, says, exited: once(child, 'exit') };
}

function figuresOf(line: Line | undefined, pattern: string): Line {
  return (line?.patterns as Record<string, Line> | undefined)?.[pattern] ?? {};
}
