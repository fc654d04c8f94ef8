/** `npm run example`: lists the examples; `npm run example -- NAME` plays one, on a Redis as `npm start` would provide it. */
import { setMaxListeners } from 'node:events';
import { ConfigError, loadConfig, loadDotEnv } from '@redis-messaging/shared/config';
import { closeQuickly, connect, type Redis, type RedisOptions } from '@redis-messaging/shared/redis';
import { redisOptions } from '@redis-messaging/shared/redis-options';
import { printLine } from '../local/child.ts';
import { provideRedis } from '../local/provide-redis.ts';
import type { Example, Scene } from './example.ts';
import { examples } from './index.ts';

const BAD_OPTIONS = 2;
const INTERRUPTED = 130;
const NOBODY = { onUp() {}, onDown() {}, onClosed() {} };

process.exit(await main(process.argv.slice(2)));

async function main([name, ...args]: readonly string[]): Promise<number> {
  const example = examples[name ?? ''];
  if (example) return await play(example, args);
  if (name !== undefined) process.stderr.write(`"${name}" is no example; there are:\n`);
  const width = Math.max(...Object.keys(examples).map((word) => word.length));
  for (const [word, { about }] of Object.entries(examples)) process.stdout.write(`  ${word.padEnd(width)}  ${about}\n`);
  return name === undefined ? 0 : BAD_OPTIONS;
}

async function play(example: Example, args: readonly string[]): Promise<number> {
  loadDotEnv();
  const signal = stopOnSignals();
  const connections: Redis[] = [];
  try {
    const config = loadConfig();
    const redis = await provideRedis(config, (line) => process.stderr.write(`${line}\n`));
    const options = redisOptions(loadConfig({ ...process.env, ...redis.env }), 'example');
    try {
      await example.run({
        args,
        signal,
        redisUrl: urlOf(options),
        say: printLine,
        async connect(role) {
          const connection = await connect({ ...options, name: `example:${role}` }, NOBODY, signal);
          connections.push(connection);
          return connection;
        },
      } satisfies Scene);
    } finally {
      for (const connection of connections) await closeQuickly(connection);
      await redis.stop();
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).message}\n`);
    return 1;
  }
}

/** Where Redis is, as one URL, with the credentials that were given beside it. */
function urlOf({ url, host, port, username = '', password = '' }: RedisOptions): string {
  const complete = new URL(url ?? `redis://${host}:${port}`);
  complete.username ||= encodeURIComponent(username);
  complete.password ||= encodeURIComponent(password);
  return complete.href;
}

function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  return stop.signal;
}
